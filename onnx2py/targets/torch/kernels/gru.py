"""Gated recurrent units.

T is the number of time steps, B the batch, I the input size, D the directions (1 or 2),
H the hidden size. The gates are, in this order: update, reset, hidden.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ._precision import widened
from ._recurrent import (
    initial_state,
    recurrent_outputs,
    reversed_steps,
    runs_backwards,
    stacked,
    time_first,
)
from ._recurrent_activation import Function, activation_functions, clipped


def gru(
    x: Tensor,
    w: Tensor,
    r: Tensor,
    b: Tensor | None = None,
    sequence_lens: Tensor | None = None,
    initial_h: Tensor | None = None,
    *,
    activations: Sequence[str] = ("Sigmoid", "Tanh"),
    activation_alpha: Sequence[float] = (0.0, 0.0),
    activation_beta: Sequence[float] = (0.0, 0.0),
    clip: float = 0.0,
    direction: str = "forward",
    layout: int = 0,
    linear_before_reset: bool = False,
) -> tuple[Tensor, ...]:
    """Return the hidden states of all steps [T, D, B, H], and the last one [D, B, H].

    x is [T, B, I], w [D, 3 * H, I], r [D, 3 * H, H], b [D, 6 * H]. With ``layout`` 1, B is
    the first axis of x, states and results.
    """
    steps = time_first(x, layout)
    shape = (len(r), steps.shape[1], r.shape[2])
    h = initial_state(initial_h, shape, layout, steps)
    w, r = widened(w), widened(r)
    bias = w.new_zeros(shape[0], 6 * shape[2]) if b is None else widened(b)
    usual = all(
        name == known for name, known in zip(activations, ("Sigmoid", "Tanh") * 2)
    )
    special = sequence_lens is not None or clip or not linear_before_reset
    histories = []
    for d in range(shape[0]):
        own = steps
        if runs_backwards(direction, d):
            own = reversed_steps(steps, sequence_lens)
        if usual and not special and own.numel() > 0:
            histories.append((_torch_gru(own, w[d], r[d], bias[d], h[d]),))
            continue
        functions = activation_functions(
            2, d, activations, activation_alpha, activation_beta
        )
        of_x, of_h = bias[d].chunk(2)
        gates, state, hidden = own @ w[d].T + of_x, h[d], []
        for gates_of_x in gates:
            options = (functions, clip, linear_before_reset)
            state = _gru_step(gates_of_x, state, r[d], of_h, *options)
            hidden.append(state)
        histories.append((stacked(hidden, state),))
    return recurrent_outputs(histories, sequence_lens, direction, layout, x.dtype)


def _torch_gru(x: Tensor, w: Tensor, r: Tensor, b: Tensor, h: Tensor) -> Tensor:
    """Return all hidden states of one direction."""
    weights = [w, r, *b.chunk(2)]
    weights = [torch.cat([p.chunk(3)[gate] for gate in (1, 0, 2)]) for p in weights]
    y, _ = torch.gru(x, h[None], weights, True, 1, 0.0, False, False, False)
    return y


def _gru_step(
    gates: Tensor,
    h: Tensor,
    r: Tensor,
    b: Tensor,
    functions: Sequence[Function],
    clip: float,
    linear_before_reset: bool,
) -> Tensor:
    """Return the next hidden state [B, H] from the sums of x at the gates."""
    gate, enter = functions
    size = h.shape[1]
    sums = gates[:, : 2 * size] + h @ r[: 2 * size].T + b[: 2 * size]
    z, reset = gate(clipped(sums, clip)).chunk(2, 1)
    if linear_before_reset:
        inner = reset * (h @ r[2 * size :].T + b[2 * size :])
    else:
        inner = (reset * h) @ r[2 * size :].T + b[2 * size :]
    new = enter(clipped(gates[:, 2 * size :] + inner, clip))
    return (1 - z) * new + z * h
