"""Padding and cropping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

import numpy as np
from numpy.typing import NDArray

from ._ints import as_ints

Ints = Union[Sequence[int], NDArray[Any]]


def pad(
    data: NDArray[Any],
    pads: Ints,
    constant_value: Any = None,
    axes: Ints | None = None,
    *,
    mode: str = "constant",
) -> NDArray[Any]:
    """Add elements at both ends of axes; negative numbers remove elements.

    Parameters
    ----------
    pads : number of elements before each axis, then after each
    constant_value : value to add; 0, False or "" by default
    axes : the axes of ``pads``; all by default
    mode : "constant"; "edge" repeats the outermost element; "reflect" mirrors the
        elements at it; "wrap" continues at the other end

    Returns
    -------
    y : length ``length + before + after`` along each axis

    Raises
    ------
    ValueError
        If there are not two pads for each axis, an axis is outside ``data``, or ``mode``
        is not "constant" and there is no element to repeat.

    ONNX: https://onnx.ai/onnx/operators/onnx__Pad.html
    """
    amounts = as_ints(pads)
    begins, ends = _per_axis(data.ndim, amounts, axes)
    shape = [b + n + e for b, n, e in zip(begins, data.shape, ends)]
    if min(amounts, default=0) < 0:
        data = data[_inner([-n for n in begins], [-n for n in ends])]
        begins = [max(n, 0) for n in begins]
    if mode == "constant":
        y = _filled(shape, data.dtype, constant_value)
    else:
        y = np.empty(shape, data.dtype)
    # np.pad takes three times as long for small arrays.
    y[_inner(begins, ends)] = data
    if mode != "constant":
        _repeat_into_borders(y, data.shape, begins, mode)
    return y


def _per_axis(
    rank: int, pads: Sequence[int], axes: Ints | None
) -> tuple[Sequence[int], Sequence[int]]:
    """Return the number of elements to add before and after every axis."""
    where = range(rank) if axes is None else as_ints(axes)
    count = len(where)
    if len(pads) != 2 * count:
        raise ValueError(f"pads: expected {2 * count} numbers, got {len(pads)}")
    if axes is None:
        return pads[:count], pads[count:]
    begins, ends = [0] * rank, [0] * rank
    for axis, begin, end in zip(where, pads[:count], pads[count:]):
        if not -rank <= axis < rank:
            raise ValueError(f"axes: expected an axis of {rank}, got {axis}")
        begins[axis], ends[axis] = begin, end
    return begins, ends


def _filled(shape: Sequence[int], dtype: np.dtype[Any], value: Any) -> NDArray[Any]:
    """Return a new array filled with ``value``, 0 or "" if that is None."""
    if value is None:
        value = "" if dtype.kind == "O" else 0
    if isinstance(value, np.ndarray):
        value = value.reshape(())
    if isinstance(value, (int, float)) and value == 0 and dtype.kind != "O":
        return np.zeros(shape, dtype)  # fresh pages are zero and need not be written
    return np.full(shape, value, dtype)


def _inner(begins: Sequence[int], ends: Sequence[int]) -> tuple[slice, ...]:
    """Return the slice of each axis that remains after removing elements."""
    return tuple(
        slice(begin if begin > 0 else 0, -end if end > 0 else None)
        for begin, end in zip(begins, ends)
    )


def _repeat_into_borders(
    y: NDArray[Any], lengths: Sequence[int], begins: Sequence[int], mode: str
) -> None:
    """Fill the borders around the inner elements of ``y``, one axis after another."""
    for axis, (begin, length) in enumerate(zip(begins, lengths)):
        if y.shape[axis] == length:
            continue
        if not length:
            raise ValueError(f"pad: expected elements along axis {axis}, got none")
        behind = np.arange(begin + length, y.shape[axis])
        border = np.concatenate((np.arange(begin), behind))
        places = border - begin
        if mode == "edge":
            places = np.clip(places, 0, length - 1)
        elif mode == "wrap":
            places %= length
        else:
            last = max(length - 1, 1)
            places = last - np.abs(places % (2 * last) - last)
            places = np.minimum(places, length - 1)
        before: tuple[Any, ...] = (slice(None),) * axis
        y[before + (border,)] = y[before + (begin + places,)]


def center_crop_pad(
    input_data: NDArray[Any], shape: Ints, *, axes: Sequence[int] | None = None
) -> NDArray[Any]:
    """Crop axes that are too long and pad those that are too short, on both sides.

    If the difference is odd, the extra element is added or removed at the end.

    Parameters
    ----------
    shape : the new lengths, in elements
    axes : the axes of ``shape``; all by default

    Raises
    ------
    ValueError
        If ``shape`` and ``axes`` have different lengths.

    ONNX: https://onnx.ai/onnx/operators/onnx__CenterCropPad.html
    """
    wanted = as_ints(shape)
    where = range(input_data.ndim) if axes is None else axes
    pads = [n - input_data.shape[axis] for axis, n in zip(where, wanted)]
    # The half at the start is rounded toward zero.
    begins = [int(n / 2) for n in pads]
    ends = [n - begin for n, begin in zip(pads, begins)]
    return pad(input_data, (*begins, *ends), None, tuple(where))
