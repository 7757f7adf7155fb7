"""Selection of elements by value: the largest, the unique, the nonzero."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._ints import as_int


def non_zero(x: NDArray[Any]) -> NDArray[np.int64]:
    """Return the indices of nonzero elements, in row-major order.

    The result has a row per axis and a column per element; a scalar counts as 1-d.

    ONNX: https://onnx.ai/onnx/operators/onnx__NonZero.html
    """
    return np.array(np.nonzero(np.atleast_1d(x)), np.int64)


def top_k(
    x: NDArray[Any],
    k: Any,
    *,
    axis: int = -1,
    largest: bool = True,
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the ``k`` largest elements along ``axis`` in descending order, and their indices.

    Without ``largest``, the smallest ones in ascending order. Of equal elements, the one
    with the lower index comes first; NaN is larger than all numbers.

    Raises
    ------
    ValueError
        If there are fewer than ``k`` elements along ``axis``.

    ONNX: https://onnx.ai/onnx/operators/onnx__TopK.html
    """
    count, length = as_int(k), x.shape[axis]
    if not 0 <= count <= length:
        raise ValueError(f"top_k: expected k from 0 to {length}, got {count}")
    if count == 1 and largest:
        places = np.expand_dims(np.argmax(x, axis), axis)
    elif length >= 1024 and 4 * count <= length:
        places = _top_of_long_rows(np.moveaxis(x, axis, -1), count, largest)
        places = np.moveaxis(places, -1, axis)
    else:
        order = _order(x, axis, largest)
        places = np.take(order, range(count), axis=axis) if count < length else order
    return np.take_along_axis(x, places, axis), places.astype(np.int64, copy=False)


def _order(x: NDArray[Any], axis: int, largest: bool) -> NDArray[np.intp]:
    """Return the indices that sort ``x``; equal elements keep their order."""
    if not largest:
        return np.argsort(x, axis, kind="stable")
    backwards = np.argsort(np.flip(x, axis), axis, kind="stable")
    return np.flip(x.shape[axis] - 1 - backwards, axis)


def _top_of_long_rows(x: NDArray[Any], count: int, largest: bool) -> NDArray[np.intp]:
    """Sort only elements not worse than the k-th: 10 times as fast."""
    places = np.empty((*x.shape[:-1], count), np.intp)
    last = x.shape[-1] - count if largest else count - 1
    for row in np.ndindex(*x.shape[:-1]) if count else ():
        values = x[row]
        bound = np.partition(values, last)[last]
        worse = values < bound if largest else values > bound
        (candidates,) = np.nonzero(~worse)
        order = _order(values[candidates], 0, largest)
        places[row] = candidates[order[:count]]
    return places


def unique(
    x: NDArray[Any], *, axis: int | None = None, sorted: bool = True
) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the unique elements of ``x``, or its unique slices along ``axis``.

    Parameters
    ----------
    sorted : whether they are in ascending order rather than in order of first occurrence

    Returns
    -------
    y : the unique elements, 1-d, or slices, of the rank of ``x``
    indices : [len(y)], the index of the first occurrence of each
    inverse_indices : the index in ``y`` of each element or slice of ``x``
    counts : int64[len(y)], the number of occurrences of each

    ONNX: https://onnx.ai/onnx/operators/onnx__Unique.html
    """
    keys: NDArray[Any] = x.ravel()
    if axis is not None:
        # Slices are compared as rows of integers: np.unique does not support rows of strings.
        _, keys = np.unique(keys, return_inverse=True)
        keys = np.moveaxis(keys.reshape(x.shape), axis, 0).reshape(x.shape[axis], -1)
    _, first, inverse, counts = np.unique(
        keys,
        return_index=True,
        return_inverse=True,
        return_counts=True,
        axis=None if axis is None else 0,
    )
    inverse = inverse.reshape(-1)
    if not sorted:
        order = np.argsort(first)
        first, counts = first[order], counts[order]
        inverse = np.argsort(order)[inverse]
    y = x.ravel()[first] if axis is None else np.take(x, first, axis=axis)
    kind = np.int64
    return y, first.astype(kind), inverse.astype(kind), counts.astype(kind)


def unique_in_order(
    x: NDArray[Any],
) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.int64]]:
    """Return the unique elements of ``x`` in order of first occurrence, indices and counts.

    Returns
    -------
    y : the unique elements
    idx : the index in ``y`` of each element of ``x``
    counts : [len(y)], the number of occurrences of each
    """
    y, _, inverse, counts = unique(x, sorted=False)
    return y, inverse, counts


def one_hot(
    indices: NDArray[Any], depth: Any, values: NDArray[Any], *, axis: int = -1
) -> NDArray[Any]:
    """Return a tensor with "on" at each index along a new axis, and "off" elsewhere.

    Parameters
    ----------
    depth : the length D of the new axis; a scalar, or a tensor of one element
    values : [2], the values of off and on
    axis : the position of the new axis in the result

    Indices from -D to -1 count from the end; other indices give "off" everywhere.

    Raises
    ------
    ValueError
        If ``depth`` is not one number.

    ONNX: https://onnx.ai/onnx/operators/onnx__OneHot.html
    """
    length = as_int(depth)
    places = indices.astype(np.int64, copy=False)
    places = np.where(places < 0, places + length, places)
    behind = indices.ndim - axis % (indices.ndim + 1)
    levels = np.arange(length).reshape(-1, *[1] * behind)
    hot = np.expand_dims(places, axis) == levels
    off, on = values
    y: NDArray[Any] = np.where(hot, on, off).astype(values.dtype, copy=False)
    return y


def compress(
    input: NDArray[Any], condition: NDArray[Any], *, axis: int | None = None
) -> NDArray[Any]:
    """Return the slices along ``axis`` where the condition is true; all elements if None.

    ``condition`` may be shorter than the axis; what is longer is ignored, as in onnxruntime.

    ONNX: https://onnx.ai/onnx/operators/onnx__Compress.html
    """
    length = input.size if axis is None else input.shape[axis]
    return np.compress(condition.reshape(-1)[:length], input, axis)


def trilu(input: NDArray[Any], k: Any = 0, *, upper: bool = True) -> NDArray[Any]:
    """Return the matrices with 0 below diagonal ``k``, or above it if not ``upper``.

    Raises
    ------
    ValueError
        If ``k`` is not one number.

    ONNX: https://onnx.ai/onnx/operators/onnx__Trilu.html
    """
    return np.triu(input, as_int(k)) if upper else np.tril(input, as_int(k))
