"""Gathering by index tensors. Negative indices count from the end."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def gather(data: NDArray[Any], indices: Any, *, axis: int = 0) -> NDArray[Any]:
    """Return the slices of ``data`` at ``indices`` along ``axis``.

    The axes of ``indices`` replace ``axis``. If ``indices`` is a single number, the result
    is a view.

    Raises
    ------
    IndexError
        If an index is outside the axis.

    ONNX: https://onnx.ai/onnx/operators/onnx__Gather.html
    """
    if isinstance(indices, int):
        before: tuple[Any, ...] = (slice(None),) * (axis % data.ndim)
        return np.asarray(data[before + (indices, ...)])
    return np.asarray(np.take(data, indices, axis=axis))


def gather_elements(
    data: NDArray[Any], indices: NDArray[Any], *, axis: int = 0
) -> NDArray[Any]:
    """Return the element of ``data`` at each index along ``axis``.

    ``data`` and ``indices`` have the same rank; along other axes ``indices`` may be
    shorter. The result has the shape of ``indices``: for ``axis`` 0,
    ``y[i, j] = data[indices[i, j], j]``.

    Raises
    ------
    IndexError
        If an index is outside the axis.

    ONNX: https://onnx.ai/onnx/operators/onnx__GatherElements.html
    """
    return np.asarray(data[axis_grid(indices, axis)])


def gather_nd(
    data: NDArray[Any], indices: NDArray[Any], *, batch_dims: int = 0
) -> NDArray[Any]:
    """Return the slices of ``data`` at the index tuples in the last axis of ``indices``.

    Parameters
    ----------
    data : [B..., D...]
    indices : int64[B..., I..., K], each K-tuple an index into the first K axes of D...
    batch_dims : the number of axes B..., which both share

    Returns
    -------
    y : [B..., I..., D[K:]...]

    Raises
    ------
    IndexError
        If an index is outside its axis.

    ONNX: https://onnx.ai/onnx/operators/onnx__GatherND.html
    """
    if indices.shape[-1] == 0:  # all of data, at each place
        spread = np.expand_dims(data, tuple(range(batch_dims, indices.ndim - 1)))
        shape = indices.shape[:-1] + data.shape[batch_dims:]
        return np.broadcast_to(spread, shape).copy()
    return np.asarray(data[nd_index(indices, batch_dims)])


def axis_grid(indices: NDArray[Any], axis: int) -> tuple[NDArray[Any], ...]:
    """Return a fancy index: ``indices`` along ``axis``, the own position along other axes."""
    grid = list(np.ogrid[tuple(map(slice, indices.shape))])
    grid[axis] = indices
    return tuple(grid)


def nd_index(indices: NDArray[Any], batch_dims: int = 0) -> tuple[NDArray[Any], ...]:
    """Return a fancy index for the K-tuples along the last axis, in each batch."""
    places = tuple(indices[..., k] for k in range(indices.shape[-1]))
    if not batch_dims:
        return places
    tail = (1,) * (indices.ndim - 1 - batch_dims)
    batch = np.ogrid[tuple(map(slice, indices.shape[:batch_dims]))]
    return (*(b.reshape(b.shape + tail) for b in batch), *places)
