"""Elements by their indices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import NodeCase
from ..draw import Draw
from ..registry import Target, generates
from ._types import a_type, at_most, values

_USUAL = ("float32", "float64", "int64", "int32", "bool", "uint8", "float16")


def _data(draw: Draw, target: Target, shape: tuple[int, ...]) -> Any:
    return values(draw, a_type(draw, target, _USUAL, rare=0.1), shape)


def _indices(draw: Draw, shape: tuple[int, ...], length: int, negative: bool) -> Any:
    low = -length if negative and draw.chance(0.7) else 0
    kind = draw.one_of(("int64", "int64", "int32"))
    return draw.rng.integers(low, max(length, 1), shape).astype(kind)


@generates("Gather")
def gather(draw: Draw, target: Target) -> NodeCase:
    """Indices of any rank, repeated and negative."""
    x = _data(draw, target, draw.shape(1, 4, zero=0))
    axis = draw.axis(x.ndim, negative=target.since >= 11)
    indices = _indices(draw, draw.shape(0, 3), x.shape[axis], target.since >= 11)
    return NodeCase([x, indices], {"axis": axis} if axis or draw.chance() else {})


@generates("GatherElements")
def gather_elements(draw: Draw, target: Target) -> NodeCase:
    """Indices of a shape that is smaller along the other axes, too."""
    x = _data(draw, target, draw.shape(1, 4, zero=0))
    axis = draw.axis(x.ndim)
    shape = [draw.integer(1, d) for d in x.shape]
    shape[axis] = draw.length()
    indices = _indices(draw, tuple(shape), x.shape[axis], True)
    return NodeCase([x, indices], {"axis": axis} if axis or draw.chance() else {})


@generates("GatherND")
def gather_nd(draw: Draw, target: Target) -> NodeCase:
    """Batch axes, and indices of fewer axes than the tensor has."""
    x = _data(draw, target, draw.shape(1, 5, zero=0))
    batch = draw.integer(0, x.ndim - 1) if target.since >= 12 else 0
    count = draw.integer(1, x.ndim - batch)
    outer = (*x.shape[:batch], *draw.shape(0 if batch else 1, 2))
    columns = [
        draw.rng.integers(-x.shape[batch + i], x.shape[batch + i], outer)
        for i in range(count)
    ]
    indices = np.stack(columns, -1).astype(np.int64)
    return NodeCase(
        [x, indices], {"batch_dims": batch} if batch or draw.chance(0.3) else {}
    )


@generates("Compress")
def compress(draw: Draw, target: Target) -> NodeCase:
    """A condition that is shorter than the axis, with and without an axis."""
    x = _data(draw, target, draw.shape(1, 4))
    axis = draw.axis(x.ndim, negative=target.since >= 11) if draw.chance(0.7) else None
    length = x.size if axis is None else x.shape[axis]
    condition = draw.array("bool", (draw.integer(0, length),))
    return NodeCase([x, condition], {} if axis is None else {"axis": axis})


_ONE_HOT_TYPES = (
    ("int64", "int64", "int64"), ("float32", "int64", "int64"), ("float32", "float32", "float32"),
    ("int64", "float32", "int64"), ("int32", "float32", "int32"), ("int64", "int32", "float32"),
)  # fmt: skip
"""Of indices, values and depth, as onnxruntime has them."""


@generates("OneHot")
def one_hot(draw: Draw, target: Target) -> NodeCase:
    """Indices in and out of range, depth as a number or a list of one."""
    kind = draw.one_of(("int64", "int32", "float32"))
    indices = draw.array(kind, draw.shape(1, 3), -8, 8)
    if kind == "float32":
        indices = np.floor(indices)
    depth = np.array(draw.integer(1, 6), draw.one_of(("int64", "int32", "float32")))
    dtype = draw.one_of(("float32", "int64", "int32"))
    options = values(draw, dtype, (2,))
    attributes = {}
    if draw.chance(0.7):
        low = -(indices.ndim + 1) if target.since >= 11 else -1
        attributes["axis"] = draw.integer(low, indices.ndim)
    if target.since < 11:
        indices = np.abs(indices) % depth.astype(indices.dtype)
    inputs = [indices, depth if draw.chance() else depth[None], options]
    return at_most(NodeCase(inputs, attributes), target, 27)


@generates("NonZero")
def non_zero(draw: Draw, target: Target) -> NodeCase:
    """Zeros among few different values."""
    dtype = a_type(draw, target, ("float32", "int64", "bool", "uint8", "int32"), rare=0)
    return NodeCase([draw.ties(dtype, draw.shape(0, 4))])


@generates("TopK")
def top_k(draw: Draw, target: Target) -> NodeCase:
    """Few different values, so that ties must be decided."""
    dtype = a_type(draw, target, ("float32", "float64", "int64", "int32"), rare=0.02)
    shape = draw.shape(1, 4, zero=0)
    axis = draw.axis(len(shape), negative=target.since >= 11)
    make = draw.one_of((draw.ties, draw.array))
    k = draw.integer(0, shape[axis])
    attributes: dict[str, Any] = {"axis": axis} if axis != -1 or draw.chance() else {}
    if target.since >= 11:
        attributes["largest"] = draw.integer(0, 1)
        attributes["sorted"] = 1
    if target.since < 10:
        return NodeCase([make(dtype, shape)], {**attributes, "k": max(k, 1)}, 2)
    return NodeCase([make(dtype, shape), np.array([k])], attributes, 2)


@generates("Unique")
def unique(draw: Draw, target: Target) -> NodeCase:
    """Sorted or in the order of appearance, of elements or of slices."""
    dtype = a_type(draw, target, ("float32", "int64", "float64", "int8"), rare=0.05)
    shape = draw.shape(1, 3, zero=0)
    x = (
        draw.strings(shape, ("a", "b", "B", ""))
        if dtype == "object"
        else draw.ties(dtype, shape)
    )
    attributes: dict[str, Any] = (
        {"sorted": draw.integer(0, 1)} if draw.chance(0.7) else {}
    )
    if draw.chance():
        attributes["axis"] = draw.axis(x.ndim)
    wanted = [True, *(draw.chance(0.7) for _ in range(3))]
    while not wanted[-1]:
        wanted.pop()
    return NodeCase([x], attributes, wanted)


@generates("ReverseSequence")
def reverse_sequence(draw: Draw, target: Target) -> NodeCase:
    """Both orders of the batch and the time axis."""
    x = _data(draw, target, draw.shape(2, 4, zero=0))
    batch = draw.integer(0, 1)
    lengths = draw.rng.integers(0, x.shape[1 - batch] + 1, x.shape[batch])
    given = {"batch_axis": batch, "time_axis": 1 - batch}
    return NodeCase([x, lengths], given if batch == 0 or draw.chance() else {})
