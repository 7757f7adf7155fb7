"""Shapes, and views of the same elements with another shape."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, Union

import numpy as np
from numpy.typing import NDArray

from ._ints import as_int, as_ints, distinct_axes

Ints = Union[Sequence[int], NDArray[Any]]


def reshape(
    data: NDArray[Any], shape: Ints, *, allowzero: bool = False
) -> NDArray[Any]:
    """Return a view of ``data`` with another shape and the same elements in order.

    Parameters
    ----------
    shape : the new lengths; one may be -1, which is computed from the others
    allowzero : whether 0 is a length; otherwise it copies the length of that axis of
        ``data``

    Raises
    ------
    ValueError
        If the number of elements does not match the new shape.
    IndexError
        If a 0 stands for an axis that ``data`` does not have.

    ONNX: https://onnx.ai/onnx/operators/onnx__Reshape.html
    """
    lengths = as_ints(shape)
    if not allowzero and 0 in lengths:
        lengths = [n or data.shape[axis] for axis, n in enumerate(lengths)]
    return data.reshape(lengths)


def flatten(input: NDArray[Any], *, axis: int = 1) -> NDArray[Any]:
    """Return a matrix: the axes before ``axis`` as rows, the others as columns.

    ONNX: https://onnx.ai/onnx/operators/onnx__Flatten.html
    """
    rows, columns = input.shape[:axis], input.shape[axis:]
    return input.reshape(prod(rows), prod(columns))


def squeeze(data: NDArray[Any], axes: Ints | None = None) -> NDArray[Any]:
    """Return a view without the given axes of length 1, or without all of them.

    Raises
    ------
    ValueError
        If the length of an axis is not 1.

    ONNX: https://onnx.ai/onnx/operators/onnx__Squeeze.html
    """
    given = () if axes is None else distinct_axes(as_ints(axes), data.ndim)
    return np.squeeze(data, given or None)


def unsqueeze(data: NDArray[Any], axes: Ints) -> NDArray[Any]:
    """Return a view with new axes of length 1, which are at ``axes`` of the result.

    Raises
    ------
    ValueError
        If an axis is given twice or is outside the result.

    ONNX: https://onnx.ai/onnx/operators/onnx__Unsqueeze.html
    """
    return np.expand_dims(data, tuple(as_ints(axes)))


def expand(input: NDArray[Any], shape: Ints) -> NDArray[Any]:
    """Return a read-only view of ``input`` repeated along axes of length 1.

    ``input`` and ``shape`` are broadcast to each other: a 1 in ``shape`` keeps the length
    of that axis of ``input``.

    Raises
    ------
    ValueError
        If the shapes cannot be broadcast.

    ONNX: https://onnx.ai/onnx/operators/onnx__Expand.html
    """
    wanted = tuple(as_ints(shape))
    return np.broadcast_to(input, np.broadcast_shapes(input.shape, wanted))


def shape(
    data: NDArray[Any], *, start: int = 0, end: int | None = None
) -> NDArray[np.int64]:
    """Return the lengths of the axes from ``start`` up to, not including, ``end``.

    Both are clamped to the existing axes; negative numbers count from the end.

    ONNX: https://onnx.ai/onnx/operators/onnx__Shape.html
    """
    return np.array(data.shape[start:end], np.int64)


def size(data: NDArray[Any]) -> NDArray[np.int64]:
    """Return the number of elements, a scalar.

    ONNX: https://onnx.ai/onnx/operators/onnx__Size.html
    """
    return np.array(data.size, np.int64)


def tile_axis(input: NDArray[Any], tiles: Any, axis: Any) -> NDArray[Any]:
    """Return ``input`` repeated ``tiles`` times along ``axis``.

    Raises
    ------
    ValueError
        If ``tiles`` or ``axis`` is not one number.

    ONNX: https://onnx.ai/onnx/operators/onnx__Tile.html
    """
    return np.concatenate([input] * as_int(tiles), axis=as_int(axis))
