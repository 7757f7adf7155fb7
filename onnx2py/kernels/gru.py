"""Gated recurrent units.

T is the number of time steps, B the batch, I the input size, D the directions (1 or 2),
H the hidden size. The gates are, in this order: update, reset, hidden.
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
)
from ._recurrent_activation import activation_function, clipped


def gru_packed(
    x: NDArray[Any],
    w: NDArray[Any],
    r: NDArray[Any],
    b: NDArray[Any],
    r_b: NDArray[Any] | None = None,
    sequence_lens: NDArray[Any] | None = None,
    initial_h: NDArray[Any] | None = None,
    *,
    direction: str = "forward",
    layout: int = 0,
) -> tuple[NDArray[Any], ...]:
    """Return the hidden states of all steps, and the last one, from rearranged weights.

    Weights of the update and reset gates are halved beforehand, so that one call of tanh
    serves all: sigmoid(x) = tanh(x / 2) / 2 + 1 / 2.

    Parameters
    ----------
    x : float[T, B, I], or [B, T, I]
    w : float[D, I, 3, H]
    r : float[D, H, 3 * H]
    b : float[D, 1, 3 * H], the sum of the biases that do not depend on the reset gate
    r_b : float[D, 1, H], added to the product of the hidden state before the reset; None to
        reset the state itself, before the product
    sequence_lens : int32[B], in steps; T by default
    initial_h : float[D, B, H]; 0 by default
    direction : "forward", "reverse" or "bidirectional"
    layout : 1 if B is the first axis of x, states and results

    Returns
    -------
    y : float[T, D, B, H], or [B, T, D, H]
    y_h : float[D, B, H], or [B, D, H]

    ONNX: https://onnx.ai/onnx/operators/onnx__GRU.html
    """
    steps = widened(x).swapaxes(0, 1) if layout else widened(x)
    shape = (r.shape[0], steps.shape[1], r.shape[1])
    start = initial_state(initial_h, shape, layout, steps.dtype)
    gates_of_x = input_projection_by_gate(steps, w, b, direction, sequence_lens)
    hidden = _packed_steps(gates_of_x, r, r_b, start).swapaxes(2, 3)
    return recurrent_outputs(
        hidden, (hidden,), sequence_lens, direction, layout, x.dtype
    )


def _packed_steps(
    gates_of_x: NDArray[Any],
    r: NDArray[Any],
    r_b: NDArray[Any] | None,
    h: NDArray[Any],
) -> NDArray[Any]:
    """Return all hidden states [T, D, H, B] from [T, 3, D, H, B] and the first, [D, B, H].

    For one step, ``gates`` being 2, or 3 if there is ``r_b``::

        product  [D, gates * H, B]   r.T @ h
        by_gate  [gates, D, H, B]    a view of it: update, reset, hidden
        state    [3, D, H, B]        update, reset, inner
        inner    [D, H, B]           tanh(of_x + r.T @ (reset * h)), with r_b
                                     tanh(of_x + reset * (r.T @ h + r_b))
        h        [D, H, B]           inner + update * (h - inner)
    """
    count, _, directions, size, batch = gates_of_x.shape
    hidden = np.empty((count, *gates_of_x.shape[2:]), gates_of_x.dtype)
    gates = 3 if r_b is not None else 2
    product = np.empty((directions, gates * size, batch), hidden.dtype)
    multiply_r = hidden_projection(r[..., : gates * size], product, batch)
    by_gate = product.reshape(directions, gates, size, batch).swapaxes(0, 1)
    state = np.empty((3, *hidden.shape[1:]), hidden.dtype)
    sigmoids, update, reset, inner = state[:2], state[0], state[1], state[2]
    multiply_inner = hidden_projection(r[..., 2 * size :], inner, batch)
    r_b_column = None if r_b is None else r_b.swapaxes(1, 2)
    new, half = np.empty_like(inner), hidden.dtype.type(0.5)
    h = np.ascontiguousarray(h.swapaxes(1, 2))
    add, multiply, tanh = np.add, np.multiply, np.tanh
    for of_x, h_of_x, following in zip(gates_of_x[:, :2], gates_of_x[:, 2], hidden):
        multiply_r(h)
        add(by_gate[:2], of_x, sigmoids)
        tanh(sigmoids, sigmoids)
        multiply(sigmoids, half, sigmoids)
        add(sigmoids, half, sigmoids)
        if r_b_column is None:
            multiply(reset, h, new)
            multiply_inner(new)
        else:
            add(by_gate[2], r_b_column, inner)
            multiply(inner, reset, inner)
        add(inner, h_of_x, inner)
        tanh(inner, inner)
        np.subtract(h, inner, new)
        multiply(new, update, new)
        h = add(new, inner, following)
    return hidden


def gru(
    x: NDArray[Any],
    w: NDArray[Any],
    r: NDArray[Any],
    b: NDArray[Any] | None = None,
    sequence_lens: NDArray[Any] | None = None,
    initial_h: NDArray[Any] | None = None,
    *,
    activations: Sequence[str] = ("Sigmoid", "Tanh"),
    activation_alpha: Sequence[float] = (0.0, 0.0),
    activation_beta: Sequence[float] = (0.0, 0.0),
    clip: float = 0.0,
    direction: str = "forward",
    layout: int = 0,
    linear_before_reset: bool = False,
) -> tuple[NDArray[Any], ...]:
    """Return the hidden states of all steps, and the last one.

    Parameters
    ----------
    x : float[T, B, I]
    w : float[D, 3 * H, I]
    r : float[D, 3 * H, H]
    b : float[D, 6 * H], for x and then for the hidden state; 0 by default
    sequence_lens : int32[B], in steps; T by default
    initial_h : float[D, B, H]; 0 by default
    activations : names for the gates and for the hidden state; four if the two
        directions differ
    activation_alpha, activation_beta : one for each of activations
    clip : limit of the inputs of activations; 0 for none
    direction : "forward", "reverse" or "bidirectional"
    layout : 1 if B is the first axis of x, states and results
    linear_before_reset : whether the reset gate comes after the product with r

    Returns
    -------
    y : float[T, D, B, H], or [B, T, D, H]
    y_h : float[D, B, H], or [B, D, H]

    ONNX: https://onnx.ai/onnx/operators/onnx__GRU.html
    """
    steps = widened(x).swapaxes(0, 1) if layout else widened(x)
    w, r = widened(w), widened(r)
    shape = (r.shape[0], steps.shape[1], r.shape[2])
    start = initial_state(initial_h, shape, layout, steps.dtype)
    if b is None:
        b = np.zeros((shape[0], 6 * shape[2]), w.dtype)
    of_x, of_h = np.split(widened(b), 2, axis=1)
    gates_of_x = input_projection(
        steps, w.swapaxes(1, 2), of_x[:, None], direction, sequence_lens
    )

    hidden = np.empty((len(steps), *shape), steps.dtype)
    for d in range(shape[0]):
        kinds = list(zip(activations, activation_alpha, activation_beta)) * 2
        functions = [activation_function(*kind) for kind in kinds[2 * d : 2 * d + 2]]
        h = start[d]
        for t in range(len(steps)):
            h = _gru_step(
                gates_of_x[t, d],
                h,
                r[d],
                of_h[d],
                functions,
                clip,
                linear_before_reset,
            )
            hidden[t, d] = h
    return recurrent_outputs(
        hidden, (hidden,), sequence_lens, direction, layout, x.dtype
    )


def _gru_step(
    gates: NDArray[Any],
    h: NDArray[Any],
    r: NDArray[Any],
    b: NDArray[Any],
    functions: Sequence[Callable[[NDArray[Any]], NDArray[Any]]],
    clip: float,
    linear_before_reset: bool,
) -> NDArray[Any]:
    """Return the next hidden state [B, H] from the sums of x at the gates."""
    gate, enter = functions
    size = h.shape[1]
    sums = gates[:, : 2 * size] + np.matmul(h, r[: 2 * size].T) + b[: 2 * size]
    z, reset = np.split(gate(clipped(sums, clip)), 2, axis=1)
    if linear_before_reset:
        inner = reset * (np.matmul(h, r[2 * size :].T) + b[2 * size :])
    else:
        inner = np.matmul(reset * h, r[2 * size :].T) + b[2 * size :]
    new = enter(clipped(gates[:, 2 * size :] + inner, clip))
    return np.asarray((1 - z) * new + z * h)
