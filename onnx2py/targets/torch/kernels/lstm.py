"""Long short-term memory.

T is the number of time steps, B the batch, I the input size, D the directions (1 or 2),
H the hidden size. The gates are, in this order: input, output, forget, cell.
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


def lstm(
    x: Tensor,
    w: Tensor,
    r: Tensor,
    b: Tensor | None = None,
    sequence_lens: Tensor | None = None,
    initial_h: Tensor | None = None,
    initial_c: Tensor | None = None,
    p: Tensor | None = None,
    *,
    activations: Sequence[str] = ("Sigmoid", "Tanh", "Tanh"),
    activation_alpha: Sequence[float] = (0.0, 0.0, 0.0),
    activation_beta: Sequence[float] = (0.0, 0.0, 0.0),
    clip: float = 0.0,
    direction: str = "forward",
    input_forget: bool = False,
    layout: int = 0,
) -> tuple[Tensor, ...]:
    """Return all hidden states [T, D, B, H], the last hidden state and the last cell [D, B, H].

    x is [T, B, I], w [D, 4 * H, I], r [D, 4 * H, H], b [D, 8 * H], the peepholes p
    [D, 3 * H]. With ``layout`` 1, B is the first axis of x, states and results.
    """
    steps = time_first(x, layout)
    shape = (len(r), steps.shape[1], r.shape[2])
    h = initial_state(initial_h, shape, layout, steps)
    c = initial_state(initial_c, shape, layout, steps)
    w, r = widened(w), widened(r)
    bias = None if b is None else widened(b)
    usual = {*zip(("Sigmoid", "Tanh", "Tanh") * 2, activations)} == {
        ("Sigmoid", "Sigmoid"),
        ("Tanh", "Tanh"),
    }
    special = sequence_lens is not None or p is not None or clip or input_forget
    histories = []
    for d in range(shape[0]):
        own = steps
        if runs_backwards(direction, d):
            own = reversed_steps(steps, sequence_lens)
        b_d = None if bias is None else bias[d]
        if usual and not special and own.numel() > 0:
            histories.append(_torch_lstm(own, w[d], r[d], b_d, h[d], c[d]))
            continue
        functions = activation_functions(
            3, d, activations, activation_alpha, activation_beta
        )
        gates = own @ w[d].T
        if b_d is not None:
            gates = gates + b_d.unflatten(0, (2, -1)).sum(0)
        peepholes = None if p is None else widened(p)[d]
        options = (peepholes, functions, clip, input_forget)
        histories.append(_lstm_steps(gates, r[d], h[d], c[d], *options))
    return recurrent_outputs(histories, sequence_lens, direction, layout, x.dtype)


def _torch_lstm(
    x: Tensor, w: Tensor, r: Tensor, b: Tensor | None, h: Tensor, c: Tensor
) -> tuple[Tensor, Tensor]:
    """Return all hidden states, and the last cell, of one direction."""
    weights = [w, r, *(() if b is None else b.chunk(2))]
    weights = [torch.cat([p.chunk(4)[gate] for gate in (0, 2, 3, 1)]) for p in weights]
    options = (b is not None, 1, 0.0, False, False, False)
    y, _, c = torch.lstm(x, (h[None], c[None]), weights, *options)
    return y, c


def _lstm_steps(
    gates_of_x: Tensor,
    r: Tensor,
    h: Tensor,
    cell: Tensor,
    peepholes: Tensor | None,
    functions: Sequence[Function],
    clip: float,
    input_forget: bool,
) -> tuple[Tensor, Tensor]:
    """Return all hidden states and all cells of one direction, [T, B, H]."""
    hidden, cells = [], []
    for gates in gates_of_x:
        h, cell = lstm_step(
            gates + h @ r.T, cell, peepholes, functions, clip, input_forget
        )
        hidden.append(h)
        cells.append(cell)
    return stacked(hidden, h), stacked(cells, cell)


def lstm_step(
    gates: Tensor,
    cell: Tensor,
    peepholes: Tensor | None,
    functions: Sequence[Function],
    clip: float,
    input_forget: bool,
) -> tuple[Tensor, Tensor]:
    """Return the next hidden state and cell, [B, H], from the sums at the gates."""
    gate, enter, leave = functions
    i, o, f, c = gates.chunk(4, -1)
    if peepholes is not None:
        p_i, p_o, p_f = peepholes.chunk(3)
        i, f = i + p_i * cell, f + p_f * cell
    i = gate(clipped(i, clip))
    f = 1 - i if input_forget else gate(clipped(f, clip))
    cell = f * cell + i * enter(clipped(c, clip))
    if peepholes is not None:
        o = o + p_o * cell
    return gate(clipped(o, clip)) * leave(cell), cell
