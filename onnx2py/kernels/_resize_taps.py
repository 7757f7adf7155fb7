"""Weighted sums of neighbors along one axis of a tensor."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Taps(NamedTuple):
    """For each new element of an axis, K old elements and their weights."""

    axis: int
    length: int
    indices: NDArray[Any]
    """[K, O]: which old elements."""
    weights: NDArray[Any]
    """[K, O], float32: what each counts."""
    matrix: NDArray[Any] | None
    """[O, D]: the same as a matrix, where a product with it is fast."""
    outside: Any
    """The new elements that lie outside the old axis, or None."""


def make_taps(
    axis: int,
    length: int,
    indices: NDArray[Any],
    weights: NDArray[Any],
    outside: Any,
) -> Taps:
    """Return taps, with their matrix if the axis is short or there are many taps."""
    matrix = None
    if length <= 128 or len(indices) > 8:
        matrix = np.zeros((indices.shape[1], length), np.float32)
        np.add.at(matrix, (np.arange(indices.shape[1]), indices), weights)
    return Taps(axis, length, indices, weights, matrix, outside)


def resample(x: NDArray[Any], taps: Taps, finite: bool) -> NDArray[Any]:
    """Replace one axis of a float tensor by weighted sums of its elements.

    ``finite`` allows a matrix product, whose zero weights would turn infinity into NaN.
    """
    axis = taps.axis
    before, after = x.shape[:axis], x.shape[axis + 1 :]
    if taps.matrix is not None and finite:
        # On short axes a product with mostly zeros is 3 times as fast as gathering neighbors.
        matrix = taps.matrix.astype(x.dtype, copy=False)
        if axis == x.ndim - 1:
            return np.asarray(np.matmul(x, matrix.T))
        rows = x.reshape(*before, taps.length, int(np.prod(after)))
        y: NDArray[Any] = np.matmul(matrix, rows)
        return y.reshape(*before, len(matrix), *after)
    spread = (-1,) + (1,) * len(after)
    weights = taps.weights.astype(x.dtype, copy=False)
    total: NDArray[Any] = x.take(taps.indices[0], axis)
    total *= weights[0].reshape(spread)
    for indices, weight in zip(taps.indices[1:], weights[1:]):
        part = x.take(indices, axis)
        part *= weight.reshape(spread)
        total += part
    return total
