"""Operators that change or tell the shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import NodeCase
from ..draw import Draw
from ..registry import Target, generates
from ._types import a_type, at_least, values

_USUAL = ("float32", "float64", "int64", "int32", "bool", "uint8", "float16")


def _data(draw: Draw, target: Target, shape: tuple[int, ...]) -> Any:
    dtype = a_type(draw, target, _USUAL, rare=0.1)
    return (
        draw.strings(shape, ("", "a", "bc"))
        if dtype == "object"
        else values(draw, dtype, shape)
    )


def _factors(draw: Draw, size: int, rank: int) -> list[int]:
    """Return ``rank`` lengths whose product is ``size``."""
    lengths = []
    for _ in range(rank - 1):
        choices = (
            [d for d in range(1, size + 1) if size % d == 0] if size else [0, 1, 2]
        )
        lengths.append(draw.one_of(choices))
        size = size // lengths[-1] if lengths[-1] else 0
    return [*lengths, size]


@generates("Reshape")
def reshape(draw: Draw, target: Target) -> NodeCase:
    """Zeros that copy a length (or mean 0), one length left open."""
    x = _data(draw, target, draw.shape(0, 5))
    rank = draw.integer(0 if x.size == 1 else 1, 4)
    new = _factors(draw, x.size, rank) if rank else []
    attributes: dict[str, Any] = {}
    if target.since >= 14 and draw.chance(0.5):
        attributes["allowzero"] = draw.integer(0, 1)
    if not attributes.get("allowzero"):
        for i in range(min(rank, x.ndim)):
            if x.shape[i] == new[i] and draw.chance(0.4):
                new[i] = 0
    zero = 0 in new and bool(attributes.get("allowzero"))
    if rank and 0 not in x.shape and not zero and draw.chance(0.5):
        new[draw.integer(0, rank - 1)] = -1
    if target.since < 5:
        return NodeCase([x], {"shape": new})
    return NodeCase([x, np.array(new, np.int64)], attributes)


@generates("Flatten")
def flatten(draw: Draw, target: Target) -> NodeCase:
    """Every axis, the one past the end too."""
    least = 1 if target.since < 9 else 0
    x = _data(draw, target, draw.shape(least, 5))
    axis = draw.integer(0 if target.since < 11 else -x.ndim, x.ndim)
    return NodeCase(
        [x], {"axis": axis} if draw.chance(0.8) and x.ndim else {"axis": axis}
    )


@generates("Squeeze")
def squeeze(draw: Draw, target: Target) -> NodeCase:
    """Some of the axes of length 1, or all of them."""
    shape = tuple(1 if draw.chance(0.5) else d for d in draw.shape(0, 5))
    x = _data(draw, target, shape)
    ones = [i for i, d in enumerate(shape) if d == 1]
    axes = draw.some_of(ones)
    if target.since >= 11:
        axes = [a - len(shape) if draw.chance(0.4) else a for a in axes]
    given = bool(axes) and draw.chance(0.8)
    if target.since < 13:
        return NodeCase(
            [x], {"axes": sorted(axes) if target.since < 11 else axes} if given else {}
        )
    return NodeCase([x, np.array(axes, np.int64)] if given else [x])


@generates("Unsqueeze")
def unsqueeze(draw: Draw, target: Target) -> NodeCase:
    """Axes in any order."""
    x = _data(draw, target, draw.shape(0, 4))
    count = draw.integer(1, 3)
    rank = x.ndim + count
    axes = draw.some_of(range(rank), rank)[:count]
    if target.since >= 11:
        axes = [a - rank if draw.chance(0.4) else a for a in axes]
    if target.since < 13:
        return NodeCase([x], {"axes": axes})
    return NodeCase([x, np.array(axes, np.int64)])


@generates("Transpose")
def transpose(draw: Draw, target: Target) -> NodeCase:
    """Any order, or the reverse."""
    x = _data(draw, target, draw.shape(0, 5))
    perm = [int(i) for i in draw.rng.permutation(x.ndim)]
    return NodeCase([x], {"perm": perm} if draw.chance(0.8) and perm else {})


@generates("Expand")
def expand(draw: Draw, target: Target) -> NodeCase:
    """Both ways: the shape may have ones where the input has not."""
    shapes = draw.broadcast_shapes(2)
    x = _data(draw, target, shapes[0])
    return NodeCase([x, np.array(shapes[1], np.int64)])


@generates("Tile")
def tile(draw: Draw, target: Target) -> NodeCase:
    """Repeats of every axis, 0 among them; along one axis in version 1."""
    x = _data(draw, target, draw.shape(1, 4, longest=4))
    if target.since < 6:
        times, axis = draw.integer(1, 3), draw.integer(0, x.ndim - 1)
        counts = np.ones(x.ndim, np.int64)
        counts[axis] = times
        old = [x, *(np.array(v, np.dtype(x.dtype)) for v in (times, axis))]
        return at_least(NodeCase(old), target, 6, inputs=[x, counts])
    repeats = [0 if draw.chance(0.05) else draw.integer(1, 3) for _ in x.shape]
    return NodeCase([x, np.array(repeats, np.int64)])


@generates("Concat")
def concat(draw: Draw, target: Target) -> NodeCase:
    """One to four tensors; lengths along the axis differ."""
    shape = list(draw.shape(1, 4))
    axis = draw.axis(len(shape), negative=target.since >= 11)
    dtype = a_type(draw, target, _USUAL, rare=0.1)
    inputs = []
    for _ in range(draw.integer(1, 4)):
        shape[axis] = draw.length(4)
        inputs.append(
            draw.strings(shape, ("x", "yz"))
            if dtype == "object"
            else values(draw, dtype, shape)
        )
    given = target.since >= 4 or draw.chance() or axis != 1
    case = NodeCase(inputs, {"axis": axis} if given else {})
    return at_least(case, target, 4, attributes={"axis": axis})


@generates("Split")
def split(draw: Draw, target: Target) -> NodeCase:
    """Parts that are named, or as equal as they can be."""
    shape = list(draw.shape(1, 4, zero=0))
    axis = draw.axis(len(shape), negative=target.since >= 11)
    parts = draw.integer(1, 4)
    even = draw.chance(0.4)
    lengths = [draw.integer(0 if target.since >= 11 else 1, 3) for _ in range(parts)]
    if even:
        lengths = [draw.integer(1, 3)] * parts
    shape[axis] = sum(lengths)
    x = _data(draw, target, tuple(shape))
    attributes: dict[str, Any] = {"axis": axis} if axis or draw.chance() else {}
    inputs: list[Any] = [x]
    if target.since >= 18 and even:
        if draw.chance():  # the last part may be shorter
            attributes["num_outputs"] = parts
            short = draw.integer(0, lengths[0] - 1) if parts * (lengths[0] - 1) else 0
            keep = shape[axis] - short
            if -(-keep // -(-keep // parts)) == parts:
                inputs = [np.take(x, range(keep), axis)]
        else:
            inputs.append(np.array(lengths, np.int64))
    elif not even and target.since < 13:
        attributes["split"] = lengths
    elif not even:
        inputs.append(np.array(lengths, np.int64))
    return at_least(NodeCase(inputs, attributes, parts), target, 2)


@generates("Shape")
def shape_of(draw: Draw, target: Target) -> NodeCase:
    """Parts of the shape too, out of bounds as well."""
    x = _data(draw, target, draw.shape())
    attributes = {}
    if target.since >= 15:
        for name in ("start", "end"):
            if draw.chance():
                attributes[name] = draw.integer(-6, 6)
    return NodeCase([x], attributes)


@generates("Size")
def size(draw: Draw, target: Target) -> NodeCase:
    """The number of elements."""
    return NodeCase([_data(draw, target, draw.shape())])
