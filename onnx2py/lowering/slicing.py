"""Slice and Split."""

from __future__ import annotations

import operator
from typing import Any

from ..errors import counted
from ..ir.program import Argument, Call
from ..kernels import slicing as kernels
from .context import NodeContext
from .registry import lowers
from .shape import int_tuple

FAR = 2**31 - 1
"""Bounds from here on are how exporters say "to the end"."""

_MOST_AXES = 64
"""That a tensor of NumPy can have."""

Part = tuple[int, "int | None", "int | None", int]
"""Axis, start, end and step."""


@lowers("Slice")
def slice_by_attributes(node: NodeContext) -> Call:
    """1: bounds and axes are attributes."""
    return _slice(
        node, node.ints("starts"), node.ints("ends"), node.ints("axes", None), None
    )


@lowers("Slice", since=10)
def slice_by_inputs(node: NodeContext) -> Call:
    """10: bounds, axes and steps are inputs. 11: negative axes. 13: types were added."""
    return _slice(node, *(int_tuple(node.literal(i)) for i in (1, 2, 3, 4)))


def _slice(
    node: NodeContext,
    starts: Argument,
    ends: Argument,
    axes: Argument,
    steps: Argument,
) -> Call:
    if isinstance(starts, tuple) and axes is None:
        axes = tuple(range(len(starts)))
    if isinstance(starts, tuple) and steps is None:
        steps = (1,) * len(starts)
    lists = (axes, starts, ends, steps)
    if not all(isinstance(items, tuple) for items in lists):
        return node.call(kernels.slice_axes, node.input(0), starts, ends, axes, steps)

    parts = [_part(node, *items) for items in zip(*lists)]  # type: ignore[arg-type]
    if len({part[0] for part in parts}) < len(parts):
        raise node.unsupported(f"axes: expected different axes, got {axes}")
    if not parts:
        return node.call(kernels.slice_axes, node.input(0), (), ())
    needed = [part for part in parts if part[1:] != (0, None, 1)] or parts[:1]
    if all(step > 0 or start is None or start >= -1 for _, start, _, step in needed):
        index = _index(needed)
        if index is not None:
            return node.call(operator.getitem, node.input(0), index)
    axes, starts, ends, steps = zip(*needed)
    return node.call(
        kernels.slice_axes,
        node.input(0),
        starts,
        ends,
        None if axes == tuple(range(len(axes))) else axes,
        None if set(steps) == {1} else steps,
    )


def _index(parts: list[Part]) -> tuple[Any, ...] | None:
    """Return the index to put in brackets, if all axes count from one end.

    Python's slices are ONNX's, but for backward ones that start before the first element.
    """
    slices = {axis: _slice_of(start, end, step) for axis, start, end, step in parts}
    first, last = min(slices), max(slices)
    if first < 0 <= last or max(-first, last) > _MOST_AXES:
        return None
    places = range(first, 0) if first < 0 else range(last + 1)
    index = tuple(slices.get(axis, slice(None)) for axis in places)
    return (..., *index) if first < 0 else index


def _slice_of(start: int | None, end: int | None, step: int) -> slice:
    return slice(start or None if step > 0 else start, end, None if step == 1 else step)


def _part(node: NodeContext, axis: int, start: int, end: int, step: int) -> Part:
    """Return a slice with None for the ends of the axis."""
    if step == 0:
        raise node.unsupported("steps: expected numbers other than 0, got 0")
    rank = node.rank(0)
    if rank is not None and axis < 0:
        axis += rank
    if step > 0:
        start = 0 if start <= -FAR else start
        return axis, start, None if end >= FAR else end, step
    return (
        axis,
        None if start >= FAR else start,
        None if end <= -FAR else end,
        step,
    )


@lowers("Split")
def split(node: NodeContext) -> Call:
    """1: lengths as input or attribute. 2: as attribute. 13: as input.

    18: ``num_outputs``, where the last part may be shorter.
    """
    count = len(node.node.outputs)
    if node.int("num_outputs", count) != count:
        raise node.unsupported(
            f"attribute num_outputs: expected {count}, the number of outputs, "
            f"got {node.int('num_outputs')}"
        )
    axis = node.int("axis", 0)
    given = node.ints("split", None) if node.has("split") else None
    lengths = given or int_tuple(node.literal(1))
    if lengths is None or lengths == ():
        lengths = _equal_lengths(node, axis, count)
    if lengths is None:
        return node.call(
            kernels.split, node.input(0), axis=axis, num_outputs=count, results=count
        )
    if isinstance(lengths, tuple):
        lengths = tuple(map(int, lengths))  # opset 1 has them of the tensor's own type
    if isinstance(lengths, tuple) and len(lengths) != count:
        raise node.unsupported(
            f"split: expected {counted(count, 'length')}, the number of outputs, got {lengths}"
        )
    return node.call(kernels.split, node.input(0), lengths, axis=axis, results=count)


def _equal_lengths(node: NodeContext, axis: int, count: int) -> tuple[int, ...] | None:
    """Return the lengths of the parts, where that of the axis is known."""
    kind = node.type(0)
    if (
        kind is None
        or kind.shape is None
        or not -len(kind.shape) <= axis < len(kind.shape)
    ):
        return None
    length = kind.shape[axis]
    if not isinstance(length, int):
        return None
    part = -(-length // count)
    last = length - part * (count - 1)
    if last < 0 or (node.version < 18 and last != part):
        if node.conditional:
            return (part,) * count  # an error when it is called
        raise node.unsupported(
            f"split: {length} elements cannot be {count} equal parts"
        )
    return (*[part] * (count - 1), last)
