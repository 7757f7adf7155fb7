"""The order of time steps and the final states, shared by recurrent layers.

T is the number of time steps, B the batch, D the directions (1 or 2), H the hidden size.
A reversed direction goes through each sequence from its own end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._precision import widened


def input_projection(
    x: NDArray[Any],
    w: NDArray[Any],
    b: NDArray[Any],
    direction: str,
    sequence_lens: NDArray[Any] | None,
) -> NDArray[Any]:
    """Compute ``x @ w + b`` for all steps at once, in the order of each direction.

    x is [T, B, I], w [D, I, N], b [D, 1, N]; the result is [T, D, B, N].
    """
    steps, batch, size = x.shape
    rows = x.reshape(steps * batch, size)
    y = np.empty((steps, w.shape[0], batch, w.shape[2]), x.dtype)
    for d in range(w.shape[0]):
        product = np.matmul(rows, w[d])
        product += b[d]
        product = product.reshape(steps, batch, w.shape[2])
        if _runs_backwards(direction, d):
            product = _reversed_steps(product, sequence_lens)
        y[:, d] = product
    return y


def input_projection_by_gate(
    x: NDArray[Any],
    w: NDArray[Any],
    b: NDArray[Any],
    direction: str,
    sequence_lens: NDArray[Any] | None,
) -> NDArray[Any]:
    """Compute ``x @ w + b`` for all steps at once, one gate after another in memory.

    x is [T, B, I], w [D, I, G, H] for G gates, b [D, 1, G * H]; the result is
    [T, G, D, H, B], its steps in the order of each direction.
    """
    steps, batch, size = x.shape
    directions, _, gates, hidden_size = w.shape
    rows = x.reshape(steps * batch, size)
    y = np.empty((steps, gates, directions, hidden_size, batch), x.dtype)
    for d in range(directions):
        product = np.matmul(rows, w[d].reshape(size, gates * hidden_size))
        product += b[d]
        product = product.reshape(steps, batch, gates * hidden_size)
        if _runs_backwards(direction, d):
            product = _reversed_steps(product, sequence_lens)
        by_gate = product.reshape(steps, batch, gates, hidden_size)
        y[:, :, d] = by_gate.transpose(0, 2, 3, 1)
    return y


def hidden_projection(
    r: NDArray[Any], out: NDArray[Any], batch: int
) -> Callable[[NDArray[Any]], object]:
    """Return a function that writes r.T @ h to ``out`` [D, N, B]; r [D, H, N], h [D, H, B]."""
    if batch == 1:  # BLAS reads r row by row: up to 1.2 times as fast
        rows = out.reshape(len(out), 1, out.shape[1])
        return lambda h: np.matmul(h.reshape(len(h), 1, h.shape[1]), r, rows)
    columns = r.swapaxes(1, 2)
    return lambda h: np.matmul(columns, h, out)


def _runs_backwards(direction: str, d: int) -> bool:
    """Whether direction number ``d`` goes from the end to the start."""
    return direction == "reverse" or d == 1


def _reversed_steps(
    x: NDArray[Any], sequence_lens: NDArray[Any] | None
) -> NDArray[Any]:
    """Reverse each sequence of [T, B, N]; elements after its end keep their place."""
    if sequence_lens is None:
        return x[::-1]
    step = np.arange(x.shape[0])[:, None]
    lengths = sequence_lens[None, :]
    source = np.where(step < lengths, lengths - 1 - step, step)
    return np.asarray(x[source, np.arange(x.shape[1])])


def recurrent_outputs(
    hidden: NDArray[Any],
    histories: Sequence[NDArray[Any]],
    sequence_lens: NDArray[Any] | None,
    direction: str,
    layout: int,
    dtype: Any,
) -> tuple[NDArray[Any], ...]:
    """Return hidden states in the order of time, and the last state of each kind.

    ``hidden`` and the histories are in the order of each direction: [T, D, B, H].
    ``hidden`` is overwritten.
    """
    last = [_last_state(history, sequence_lens) for history in histories]
    y = _in_order(hidden, sequence_lens, direction)
    if layout:
        y, last = y.transpose(2, 0, 1, 3), [state.swapaxes(0, 1) for state in last]
    return tuple(state.astype(dtype, copy=False) for state in (y, *last))


def _last_state(
    history: NDArray[Any], sequence_lens: NDArray[Any] | None
) -> NDArray[Any]:
    """Return the state [D, B, H] after the last step of each sequence.

    It is 0 for a sequence without steps, whatever the initial state, as in onnxruntime.
    """
    if not len(history):
        return np.zeros(history.shape[1:], history.dtype)
    if sequence_lens is None:
        return np.array(history[-1])
    batch = np.arange(history.shape[2])
    found = history[sequence_lens - 1, :, batch].swapaxes(0, 1)
    found[:, sequence_lens == 0] = 0
    return found


def _in_order(
    history: NDArray[Any], sequence_lens: NDArray[Any] | None, direction: str
) -> NDArray[Any]:
    """Put the steps of all directions in the order of time, with 0 after the end of each."""
    if sequence_lens is not None:
        ended = np.arange(len(history))[:, None] >= sequence_lens
        history[np.broadcast_to(ended[:, None], history.shape[:3])] = 0
    for d in range(history.shape[1]):
        if _runs_backwards(direction, d):
            history[:, d] = _reversed_steps(history[:, d], sequence_lens).copy()
    return history


def initial_state(
    state: NDArray[Any] | None, shape: tuple[int, ...], layout: int, dtype: Any
) -> NDArray[Any]:
    """Return an initial state as [D, B, H], 0 by default."""
    if state is None:
        return np.zeros(shape, dtype)
    return (state.swapaxes(0, 1) if layout else state).astype(dtype, copy=False)


def sum_biases(b: NDArray[Any] | None, w: NDArray[Any]) -> NDArray[Any]:
    """Return the sum of both halves of b, [D, 2 * N] -> [D, 1, N], 0 by default."""
    size = w.shape[1]
    if b is None:
        return np.zeros((w.shape[0], 1, size), w.dtype)
    b = widened(b)
    return np.asarray(b[:, :size] + b[:, size:])[:, None]
