"""Gated recurrent units.

T is the number of time steps, B the batch, I the input size, D the directions (1 or 2),
H the hidden size. The gates are, in this order: update, reset, hidden.
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
from ._recurrent_activation import Function, activation_functions, clipped


def gru(
    x: Array,
    w: Array,
    r: Array,
    b: Array | None = None,
    sequence_lens: Array | None = None,
    initial_h: Array | None = None,
    *,
    activations: Sequence[str] = ("Sigmoid", "Tanh"),
    activation_alpha: Sequence[float] = (0.0, 0.0),
    activation_beta: Sequence[float] = (0.0, 0.0),
    clip: float = 0.0,
    direction: str = "forward",
    layout: int = 0,
    linear_before_reset: bool = False,
) -> tuple[Array, ...]:
    """Return the hidden states of all steps [T, D, B, H], and the last one [D, B, H].

    x is [T, B, I], w [D, 3 * H, I], r [D, 3 * H, H], b [D, 6 * H]. With ``layout`` 1, B is
    the first axis of x, states and results.
    """
    steps, w, r = time_first(x, layout), widened(w), widened(r)
    shape = (r.shape[0], steps.shape[1], r.shape[2])
    h = initial_state(initial_h, shape, layout, steps.dtype)
    bias = jnp.zeros((shape[0], 6 * shape[2]), w.dtype) if b is None else b

    def along(d: int) -> tuple[Array, States]:
        functions = activation_functions(
            2, d, activations, activation_alpha, activation_beta
        )
        of_x, of_h = jnp.split(widened(bias)[d], 2)
        sums, r_d = jnp.matmul(steps, w[d].T) + of_x, r[d].T

        def step(states: States, sums_of_x: Array) -> States:
            options = (functions, clip, linear_before_reset)
            return (_gru_step(sums_of_x, states[0], r_d, of_h, *options),)

        backwards = runs_backwards(direction, d)
        return walk(step, (h[d],), sums, sequence_lens, backwards)

    found = [along(d) for d in range(shape[0])]
    return recurrent_outputs(found, layout, x.dtype)


def _gru_step(
    gates: Array,
    h: Array,
    r: Array,
    b: Array,
    functions: Sequence[Function],
    clip: float,
    linear_before_reset: bool,
) -> Array:
    """Return the next hidden state [B, H] from the sums of x at the gates; r is [H, 3 * H]."""
    gate, enter = functions
    size = h.shape[1]
    sums = gates[:, : 2 * size] + jnp.matmul(h, r[:, : 2 * size]) + b[: 2 * size]
    z, reset = jnp.split(gate(clipped(sums, clip)), 2, axis=1)
    if linear_before_reset:
        inner = reset * (jnp.matmul(h, r[:, 2 * size :]) + b[2 * size :])
    else:
        inner = jnp.matmul(reset * h, r[:, 2 * size :]) + b[2 * size :]
    new = enter(clipped(gates[:, 2 * size :] + inner, clip))
    return (1 - z) * new + z * h
