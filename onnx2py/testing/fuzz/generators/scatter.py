"""Elements written by their indices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import NodeCase
from ..draw import Draw
from ..registry import Target, generates
from ._types import a_type, at_most, values

_USUAL = ("float32", "float64", "int64", "int32", "float16", "uint8")


def _reduction(draw: Draw, target: Target, names: tuple[str, ...]) -> dict[str, Any]:
    if target.since < 16 or draw.chance(0.4):
        return {}
    known = names if target.since >= 18 else names[:3]
    return {"reduction": draw.one_of(known)}


@generates("Scatter", "ScatterElements")
def scatter_elements(draw: Draw, target: Target) -> NodeCase:
    """Indices without repetition, unless they are reduced."""
    dtype = a_type(draw, target, _USUAL, rare=0.05)
    data = values(draw, dtype, draw.shape(1, 4, zero=0))
    axis = draw.axis(data.ndim, negative=target.since >= 11)
    attributes = _reduction(draw, target, ("none", "add", "mul", "max", "min"))
    shape = [draw.integer(1, d) for d in data.shape]
    whole = axis % data.ndim
    if attributes.get("reduction", "none") == "none":
        order = np.argsort(draw.rng.random(data.shape), axis=whole)
        indices = order[tuple(slice(0, d) for d in shape)]
    else:
        indices = draw.rng.integers(0, data.shape[axis], shape)
    if target.since >= 11 and draw.chance():
        negative = draw.array("bool", indices.shape)
        indices = np.where(negative, indices - data.shape[axis], indices)
    kind = draw.one_of((np.int64, np.int64, np.int32))
    updates = values(draw, dtype, shape)
    given = {"axis": axis} if axis or draw.chance() else {}
    inputs = [data, indices.astype(kind), updates]
    case = NodeCase(inputs, {**given, **attributes}, rtol=1e-3)
    return at_most(case, target, 10) if target.operator == "Scatter" else case


@generates("ScatterND")
def scatter_nd(draw: Draw, target: Target) -> NodeCase:
    """Whole slices or elements; repeated only where they are reduced."""
    dtype = a_type(draw, target, _USUAL, rare=0.05)
    data = values(draw, dtype, draw.shape(1, 4, zero=0))
    count = draw.integer(1, data.ndim)
    outer = draw.shape(1, 2, longest=4, zero=0)
    total, size = int(np.prod(data.shape[:count])), int(np.prod(outer))
    attributes = _reduction(draw, target, ("none", "add", "mul", "max", "min"))
    if attributes.get("reduction", "none") == "none":
        outer, size = (outer, size) if size <= total else ((total,), total)
        flat = draw.rng.permutation(total)[:size]
    else:
        flat = draw.rng.integers(0, total, size)
    columns = np.stack(np.unravel_index(flat, data.shape[:count]), -1)
    indices = columns.reshape(*outer, count).astype(np.int64)
    if draw.chance(0.4):
        lengths = np.array(data.shape[:count])
        indices = np.where(
            draw.array("bool", indices.shape), indices - lengths, indices
        )
    updates = values(draw, dtype, (*outer, *data.shape[count:]))
    return NodeCase([data, indices, updates], attributes, rtol=1e-3)


@generates("TensorScatter")
def tensor_scatter(draw: Draw, target: Target) -> NodeCase:
    """A cache along any axis but the first, written to from one end or around it."""
    shape = [draw.integer(1, 3) for _ in range(draw.integer(2, 5))]
    axis, longest = draw.integer(1, len(shape) - 1), draw.integer(1, 6)
    attributes: dict[str, Any] = {"axis": axis - draw.one_of((0, len(shape)))}
    if len(shape) - 2 == axis and draw.chance():
        del attributes["axis"]
    around = draw.chance(0.4)
    if around or draw.chance(0.3):
        attributes["mode"] = "circular" if around else "linear"
    count = draw.integer(0, longest)
    dtype = draw.one_of(("float32", "float32", "float16", "int64", "float64"))
    cache, update = (
        draw.array(dtype, (*shape[:axis], n, *shape[axis + 1 :]))
        for n in (longest, count)
    )
    places = None
    if draw.chance(0.7):
        last = longest - 1 if around else longest - count
        places = draw.rng.integers(0, last + 1, shape[0])
    return NodeCase([cache, update, places], attributes, exact=True)
