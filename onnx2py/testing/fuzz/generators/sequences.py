"""Sequences of tensors: made, taken apart, and put together."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto, helper

from ..case import NodeCase
from ..deviations import deviates
from ..draw import Draw
from ..registry import Target, generates
from ._types import at_most

_TYPES = ("float32", "float32", "int64", "bool", "float64")


def _items(draw: Draw) -> list[Any]:
    dtype = draw.one_of(_TYPES)
    return [draw.array(dtype, draw.shape(0, 4)) for _ in range(draw.integer(1, 4))]


def _place(draw: Draw, low: int, high: int) -> Any:
    return np.array(draw.integer(low, high), draw.one_of(("int64", "int32")))


@generates("SequenceConstruct")
def construct(draw: Draw, target: Target) -> NodeCase:
    """One tensor or several, of any shapes."""
    return NodeCase(_items(draw), exact=True)


@generates("SequenceEmpty")
def empty(draw: Draw, target: Target) -> NodeCase:
    """With and without a type."""
    attributes = {}
    if draw.chance():
        kind = np.dtype(draw.one_of(_TYPES))
        attributes["dtype"] = helper.np_dtype_to_tensor_dtype(kind)
    return NodeCase([], attributes)


@generates("SequenceLength")
def length(draw: Draw, target: Target) -> NodeCase:
    """Empty ones too."""
    if draw.chance(0.8):
        return NodeCase([_items(draw)])
    return NodeCase([[]], elements={0: int(TensorProto.FLOAT)})


@generates("SequenceAt")
def at(draw: Draw, target: Target) -> NodeCase:
    """Counted from either end."""
    items = _items(draw)
    return NodeCase([items, _place(draw, -len(items), len(items) - 1)], exact=True)


@generates("SequenceErase")
def erase(draw: Draw, target: Target) -> NodeCase:
    """The last one, or any, counted from either end."""
    items = _items(draw)
    if draw.chance(0.3):
        return NodeCase([items], exact=True)
    return NodeCase([items, _place(draw, -len(items), len(items) - 1)], exact=True)


@generates("SequenceInsert")
def insert(draw: Draw, target: Target) -> NodeCase:
    """At the end, or anywhere, counted from either end."""
    items = _items(draw)
    inputs: list[Any] = [items, draw.array(items[0].dtype.name, draw.shape(0, 4))]
    if draw.chance(0.7):
        inputs.append(_place(draw, -len(items), len(items)))
    return NodeCase(inputs, exact=True)


@generates("ConcatFromSequence")
def concat(draw: Draw, target: Target) -> NodeCase:
    """Along an axis, or a new one."""
    shape = draw.shape(1, 4)
    new = draw.chance()
    axis = draw.axis(len(shape) + new)
    dtype = draw.one_of(_TYPES)
    items = []
    for _ in range(draw.integer(1, 4)):
        dims = list(shape)
        if not new:
            dims[axis] = draw.length(4)
        items.append(draw.array(dtype, dims))
    attributes = {"axis": axis}
    if new or draw.chance():
        attributes["new_axis"] = int(new)
    return NodeCase([items], attributes, exact=True)


@generates("SplitToSequence")
def split(draw: Draw, target: Target) -> NodeCase:
    """Into single slices, equal parts, or parts of given lengths."""
    x = draw.array(draw.one_of(("float32", "int64", "float64")), draw.shape(1, 4))
    attributes: dict[str, Any] = {}
    axis = 0
    if draw.chance(0.7):
        axis = attributes["axis"] = draw.axis(x.ndim)
    inputs: list[Any] = [x]
    if draw.chance(0.7):
        kind, size = draw.one_of(("int64", "int32")), x.shape[axis]
        if draw.chance():
            inputs.append(np.array(draw.integer(1, 4), kind))
        else:
            cuts = np.sort(draw.rng.integers(0, size + 1, draw.integer(0, 3)))
            inputs.append(np.diff([0, *cuts, size]).astype(kind))
    if draw.chance():
        attributes["keepdims"] = draw.integer(0, 1)
    return NodeCase(inputs, attributes, exact=True)


@generates("OptionalHasElement", "OptionalGetElement")
def optional(draw: Draw, target: Target) -> NodeCase | None:
    """Since 18, of a tensor or a sequence that is no optional."""
    if target.since < 18:
        return None
    items = _items(draw)
    case = NodeCase([items[0] if draw.chance() else items], exact=True)
    return at_most(case, target, 27)


@deviates(
    "SplitToSequence",
    reason="keepdims=0 beside a split: the text says that it is ignored; onnxruntime drops "
    "the axis, and fails where it cannot",
)
def _split_keepdims(case: NodeCase) -> bool:
    return len(case.inputs) > 1 and case.attributes.get("keepdims") == 0
