"""Simple recurrent layers.

T is the number of time steps, B the batch, I the input size, D the directions (1 or 2),
H the hidden size.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp
from jax import Array

from ._precision import widened
from ._recurrent import (
    States,
    initial_state,
    recurrent_outputs,
    runs_backwards,
    time_first,
    walk,
)
from ._recurrent_activation import activation_functions, clipped


def rnn(
    x: Array,
    w: Array,
    r: Array,
    b: Array | None = None,
    sequence_lens: Array | None = None,
    initial_h: Array | None = None,
    *,
    activations: Sequence[str] = ("Tanh",),
    activation_alpha: Sequence[float] = (0.0,),
    activation_beta: Sequence[float] = (0.0,),
    clip: float = 0.0,
    direction: str = "forward",
    layout: int = 0,
) -> tuple[Array, ...]:
    """Return the hidden states of all steps [T, D, B, H], and the last one [D, B, H].

    x is [T, B, I], w [D, H, I], r [D, H, H], b [D, 2 * H]. With ``layout`` 1, B is the first
    axis of x, states and results.
    """
    steps, w, r = time_first(x, layout), widened(w), widened(r)
    shape = (r.shape[0], steps.shape[1], r.shape[2])
    h = initial_state(initial_h, shape, layout, steps.dtype)

    def along(d: int) -> tuple[Array, States]:
        (function,) = activation_functions(
            1, d, activations, activation_alpha, activation_beta
        )
        sums, r_d = jnp.matmul(steps, w[d].T), r[d].T
        if b is not None:
            sums = sums + widened(b)[d].reshape(2, -1).sum(0)

        def step(states: States, sums_of_x: Array) -> States:
            (hidden,) = states
            return (function(clipped(sums_of_x + jnp.matmul(hidden, r_d), clip)),)

        backwards = runs_backwards(direction, d)
        return walk(step, (h[d],), sums, sequence_lens, backwards)

    found = [along(d) for d in range(shape[0])]
    return recurrent_outputs(found, layout, x.dtype)
