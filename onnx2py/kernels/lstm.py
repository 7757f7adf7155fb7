"""Long short-term memory.

T is the number of time steps, B the batch, I the input size, D the directions (1 or 2),
H the hidden size. The gates are, in this order: input, output, forget, cell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._precision import widened
from ._recurrent import (
    hidden_projection,
    initial_state,
    input_projection,
    input_projection_by_gate,
    recurrent_outputs,
    sum_biases,
)
from ._recurrent_activation import activation_function, clipped


def lstm_packed(
    x: NDArray[Any],
    w: NDArray[Any],
    r: NDArray[Any],
    b: NDArray[Any],
    sequence_lens: NDArray[Any] | None = None,
    initial_h: NDArray[Any] | None = None,
    initial_c: NDArray[Any] | None = None,
    *,
    direction: str = "forward",
    layout: int = 0,
) -> tuple[NDArray[Any], ...]:
    """Return all hidden states, the last one and the last cell, from rearranged weights.

    Weights of the input, forget and output gates are halved beforehand, so that one call
    of tanh serves all: sigmoid(x) = tanh(x / 2) / 2 + 1 / 2. The cell follows the gates in
    memory: one call multiplies by the input and the forget gate.

    Parameters
    ----------
    x : float[T, B, I], or [B, T, I]
    w : float[D, I, 4, H], gates in the order input, forget, output, cell
    r : float[D, H, 4 * H], gates in the same order
    b : float[D, 1, 4 * H], the sum of both biases
    sequence_lens : int32[B], in steps; T by default
    initial_h, initial_c : float[D, B, H]; 0 by default
    direction : "forward", "reverse" or "bidirectional"
    layout : 1 if B is the first axis of x, states and results

    Returns
    -------
    y : float[T, D, B, H], or [B, T, D, H]
    y_h, y_c : float[D, B, H], or [B, D, H]

    ONNX: https://onnx.ai/onnx/operators/onnx__LSTM.html
    """
    steps = widened(x).swapaxes(0, 1) if layout else widened(x)
    shape = (r.shape[0], steps.shape[1], r.shape[1])
    start = initial_state(initial_h, shape, layout, steps.dtype)
    first_cell = initial_state(initial_c, shape, layout, steps.dtype)
    gates_of_x = input_projection_by_gate(steps, w, b, direction, sequence_lens)
    hidden, cells = _packed_steps(gates_of_x, r, start, first_cell, sequence_lens)
    hidden, cells = hidden.swapaxes(2, 3), cells.swapaxes(2, 3)
    states = (hidden, cells)
    return recurrent_outputs(hidden, states, sequence_lens, direction, layout, x.dtype)


def _packed_steps(
    gates_of_x: NDArray[Any],
    r: NDArray[Any],
    h: NDArray[Any],
    first_cell: NDArray[Any],
    sequence_lens: NDArray[Any] | None,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return all hidden states [T, D, H, B]; all cells, or the last if lengths are equal.

    ``gates_of_x`` is [T, 4, D, H, B]; ``h`` and ``first_cell`` are [D, B, H].

    For one step::

        product  [D, 4 * H, B]   r.T @ h
        by_gate  [4, D, H, B]    a view of it: input, forget, output, cell
        state    [5, D, H, B]    gates i, f, o, g after their activations, then the cell c
        kept     [2, D, H, B]    i, f of state; times kept_of, which are g, c: the new
                                 cell is i * g + f * c
    """
    count, _, directions, size, batch = gates_of_x.shape
    hidden = np.empty((count, *gates_of_x.shape[2:]), gates_of_x.dtype)
    product = np.empty((directions, 4 * size, batch), hidden.dtype)
    multiply_r = hidden_projection(r, product, batch)
    by_gate = product.reshape(directions, 4, size, batch).swapaxes(0, 1)
    state = np.empty((5, *hidden.shape[1:]), hidden.dtype)  # the gates, then the cell
    gates, sigmoids, output, cell = state[:4], state[:3], state[2], state[4]
    kept, kept_of = state[:2], state[3:]
    cell[...] = first_cell.swapaxes(1, 2)
    squashed = np.empty_like(cell)
    half = hidden.dtype.type(0.5)
    cells = None if sequence_lens is None else np.empty_like(hidden)
    h = np.ascontiguousarray(h.swapaxes(1, 2))
    add, multiply, tanh = np.add, np.multiply, np.tanh
    for t, (of_x, new) in enumerate(zip(gates_of_x, hidden)):
        multiply_r(h)
        add(by_gate, of_x, gates)
        tanh(gates, gates)
        multiply(sigmoids, half, sigmoids)
        add(sigmoids, half, sigmoids)
        multiply(kept, kept_of, kept)
        add(kept[0], kept[1], cell)
        tanh(cell, squashed)
        h = multiply(output, squashed, new)
        if cells is not None:
            cells[t] = cell
    return hidden, cell[None][:count] if cells is None else cells


def lstm(
    x: NDArray[Any],
    w: NDArray[Any],
    r: NDArray[Any],
    b: NDArray[Any] | None = None,
    sequence_lens: NDArray[Any] | None = None,
    initial_h: NDArray[Any] | None = None,
    initial_c: NDArray[Any] | None = None,
    p: NDArray[Any] | None = None,
    *,
    activations: Sequence[str] = ("Sigmoid", "Tanh", "Tanh"),
    activation_alpha: Sequence[float] = (0.0, 0.0, 0.0),
    activation_beta: Sequence[float] = (0.0, 0.0, 0.0),
    clip: float = 0.0,
    direction: str = "forward",
    input_forget: bool = False,
    layout: int = 0,
) -> tuple[NDArray[Any], ...]:
    """Return the hidden states of all steps, the last hidden state and the last cell.

    Parameters
    ----------
    x : float[T, B, I]
    w : float[D, 4 * H, I]
    r : float[D, 4 * H, H]
    b : float[D, 8 * H], for x and then for the hidden state; 0 by default
    sequence_lens : int32[B], in steps; T by default
    initial_h, initial_c : float[D, B, H]; 0 by default
    p : peepholes [D, 3 * H], for the input, output and forget gates; 0 by default
    activations : names for the gates, for the cell's input and for its output; six if the
        two directions differ
    activation_alpha, activation_beta : one for each of activations
    clip : limit of the sums at the gates; 0 for none
    direction : "forward", "reverse" or "bidirectional"
    input_forget : whether the forget gate is 1 minus the input gate
    layout : 1 if B is the first axis of x, states and results

    Returns
    -------
    y : float[T, D, B, H], or [B, T, D, H]
    y_h, y_c : float[D, B, H], or [B, D, H]

    ONNX: https://onnx.ai/onnx/operators/onnx__LSTM.html
    """
    steps = widened(x).swapaxes(0, 1) if layout else widened(x)
    w, r = widened(w), widened(r)
    shape = (r.shape[0], steps.shape[1], r.shape[2])
    start = initial_state(initial_h, shape, layout, steps.dtype)
    first_cell = initial_state(initial_c, shape, layout, steps.dtype)
    bias = sum_biases(b, w)
    gates_of_x = input_projection(
        steps, w.swapaxes(1, 2), bias, direction, sequence_lens
    )

    hidden = np.empty((len(steps), *shape), steps.dtype)
    cells = np.empty_like(hidden)
    peepholes = [None] * shape[0] if p is None else widened(p)
    for d in range(shape[0]):
        kinds = list(zip(activations, activation_alpha, activation_beta)) * 2
        functions = [activation_function(*kind) for kind in kinds[3 * d : 3 * d + 3]]
        h, cell = start[d], first_cell[d]
        for t in range(len(steps)):
            gates = gates_of_x[t, d] + np.matmul(h, r[d].T)
            h, cell = _lstm_step(
                gates, cell, peepholes[d], functions, clip, input_forget
            )
            hidden[t, d], cells[t, d] = h, cell
    states = (hidden, cells)
    return recurrent_outputs(hidden, states, sequence_lens, direction, layout, x.dtype)


def _lstm_step(
    gates: NDArray[Any],
    cell: NDArray[Any],
    peepholes: NDArray[Any] | None,
    functions: Sequence[Callable[[NDArray[Any]], NDArray[Any]]],
    clip: float,
    input_forget: bool,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the next hidden state and cell, [B, H], from the sums at the gates."""
    gate, enter, leave = functions
    size = cell.shape[-1]
    # np.split takes as long as the arithmetic of a step.
    i, o, f, c = (gates[..., k * size : (k + 1) * size] for k in range(4))
    if peepholes is not None:
        p_i, p_o, p_f = np.split(peepholes, 3)
        i, f = i + p_i * cell, f + p_f * cell
    i = gate(clipped(i, clip))
    f = 1 - i if input_forget else gate(clipped(f, clip))
    cell = f * cell + i * enter(clipped(c, clip))
    if peepholes is not None:
        o = o + p_o * cell
    return gate(clipped(o, clip)) * leave(cell), cell
