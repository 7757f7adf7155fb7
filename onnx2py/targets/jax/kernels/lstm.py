"""Long short-term memory.

T is the number of time steps, B the batch, I the input size, D the directions (1 or 2),
H the hidden size. The gates are, in this order: input, output, forget, cell.
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


def lstm(
    x: Array,
    w: Array,
    r: Array,
    b: Array | None = None,
    sequence_lens: Array | None = None,
    initial_h: Array | None = None,
    initial_c: Array | None = None,
    p: Array | None = None,
    *,
    activations: Sequence[str] = ("Sigmoid", "Tanh", "Tanh"),
    activation_alpha: Sequence[float] = (0.0, 0.0, 0.0),
    activation_beta: Sequence[float] = (0.0, 0.0, 0.0),
    clip: float = 0.0,
    direction: str = "forward",
    input_forget: bool = False,
    layout: int = 0,
) -> tuple[Array, ...]:
    """Return all hidden states [T, D, B, H], the last hidden state and the last cell [D, B, H].

    x is [T, B, I], w [D, 4 * H, I], r [D, 4 * H, H], b [D, 8 * H], the peepholes p
    [D, 3 * H]. With ``layout`` 1, B is the first axis of x, states and results.
    """
    steps, w, r = time_first(x, layout), widened(w), widened(r)
    shape = (r.shape[0], steps.shape[1], r.shape[2])
    h = initial_state(initial_h, shape, layout, steps.dtype)
    c = initial_state(initial_c, shape, layout, steps.dtype)

    def along(d: int) -> tuple[Array, States]:
        functions = activation_functions(
            3, d, activations, activation_alpha, activation_beta
        )
        peepholes = None if p is None else widened(p)[d]
        sums, r_d = jnp.matmul(steps, w[d].T), r[d].T
        if b is not None:
            sums = sums + widened(b)[d].reshape(2, -1).sum(0)

        def step(states: States, sums_of_x: Array) -> States:
            hidden, cell = states
            gates = sums_of_x + jnp.matmul(hidden, r_d)
            return lstm_step(gates, cell, peepholes, functions, clip, input_forget)

        backwards = runs_backwards(direction, d)
        return walk(step, (h[d], c[d]), sums, sequence_lens, backwards)

    found = [along(d) for d in range(shape[0])]
    return recurrent_outputs(found, layout, x.dtype)


def lstm_step(
    gates: Array,
    cell: Array,
    peepholes: Array | None,
    functions: Sequence[Function],
    clip: float,
    input_forget: bool,
) -> tuple[Array, Array]:
    """Return the next hidden state and cell, [B, H], from the sums at the gates."""
    gate, enter, leave = functions
    i, o, f, c = jnp.split(gates, 4, axis=-1)
    if peepholes is not None:
        p_i, p_o, p_f = jnp.split(peepholes, 3)
        i, f = i + p_i * cell, f + p_f * cell
    i = gate(clipped(i, clip))
    f = 1 - i if input_forget else gate(clipped(f, clip))
    cell = f * cell + i * enter(clipped(c, clip))
    if peepholes is not None:
        o = o + p_o * cell
    return gate(clipped(o, clip)) * leave(cell), cell
