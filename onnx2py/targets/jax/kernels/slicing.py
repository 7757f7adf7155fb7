"""Slices and splits of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional, Union

from jax import Array

from ._ints import as_ints
from ._slices import cut, sliced

Bounds = Union[Sequence[Optional[int]], Array]


def slice_axes(
    data: Array,
    starts: Bounds,
    ends: Bounds,
    axes: Sequence[int] | Array | None = None,
    steps: Sequence[int] | Array | None = None,
) -> Array:
    """Return the elements ``start:end:step`` along each of some axes.

    Bounds are clamped to the axis; negative bounds count from its end. None as in Python.

    Parameters
    ----------
    starts, ends : one per axis, in elements
    axes : the axes; the first ones by default
    steps : one per axis, not 0; 1 by default

    Raises
    ------
    ValueError
        If an axis is given twice or outside ``data``, a step is 0, or there are not as many
        starts as ends, axes and steps.
    """
    first, last = as_ints(starts), as_ints(ends)
    where = range(len(first)) if axes is None else as_ints(axes)
    stride = (1,) * len(first) if steps is None else as_ints(steps)
    if not len(where) == len(first) == len(last) == len(stride):
        counts = ", ".join(str(len(part)) for part in (first, last, where, stride))
        raise ValueError(f"expected as many starts as ends, axes, steps, got {counts}")
    if any(not -data.ndim <= axis < data.ndim for axis in where):
        raise ValueError(f"axes: expected axes of {data.ndim}, got {list(where)}")
    if len({axis % data.ndim for axis in where}) < len(where):
        raise ValueError(f"slice_axes: expected different axes, got {list(where)}")

    parts = [slice(None)] * data.ndim
    for axis, start, end, step in zip(where, first, last, stride):
        if step < 0 and start is not None and start < -data.shape[axis]:
            start = 0  # ONNX clamps to the first element, Python to the one before it
        parts[axis] = slice(start, end, step)
    return sliced(data, parts)


def split(
    input: Array,
    split: Sequence[int] | Array | None = None,
    *,
    axis: int = 0,
    num_outputs: int = 0,
) -> tuple[Array, ...]:
    """Cut ``input`` along ``axis`` and return the parts.

    Parameters
    ----------
    split : the length of each part, in elements
    num_outputs : without ``split``, the number of parts of ceil(length / num_outputs)
        elements; the last one may be shorter

    Raises
    ------
    ValueError
        If the lengths of the parts do not sum to the length of the axis.
    """
    length = input.shape[axis]
    if split is None:
        part = -(-length // num_outputs)
        first = [part] * (num_outputs - 1)
        lengths: Sequence[int] = [*first, length - part * (num_outputs - 1)]
    else:
        lengths = as_ints(split)
    return tuple(cut(input, lengths, axis))
