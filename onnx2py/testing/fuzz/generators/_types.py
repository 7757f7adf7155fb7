"""What several generators of elementwise operators share: types, old versions, broadcasting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import onnx

from onnx2py.ir.types import DTYPES

from ..case import NodeCase
from ..draw import FLOATS, Draw
from ..registry import Target

_NAMES = {"float": "float32", "double": "float64"}
WORDS = ("", "a", "A", "b", "ab", " a", "0", "1.5", "ß", "日本")
"""Strings of which some are equal, and some only nearly."""


@lru_cache(maxsize=None)
def allowed(target: Target, index: int = 0) -> tuple[str, ...]:
    """Return the dtypes that the operator's schema allows for an input."""
    schema = onnx.defs.get_schema(target.operator, target.since, target.domain)
    names = [t[7:-1] for t in schema.inputs[index].types if t.startswith("tensor(")]
    dtypes = (DTYPES[_NAMES.get(name, name)] for name in sorted(names))
    return tuple(dtype.name for dtype in dtypes)


def a_type(
    draw: Draw,
    target: Target,
    usual: Sequence[str] = FLOATS,
    *,
    index: int = 0,
    rare: float = 0.15,
) -> str:
    """Return a dtype that the schema allows: a usual one, or rarely just any."""
    known = allowed(target, index)
    common = [dtype for dtype in usual if dtype in known]
    if common and not draw.chance(rare):
        return draw.one_of(common)
    return draw.one_of(known)


def values(draw: Draw, dtype: str, shape: Sequence[int]) -> Any:
    """Return any values of any dtype, odd ones (infinite, NaN ...) among them at times."""
    if dtype == "object":
        return draw.strings(shape, WORDS)
    make = draw.one_of((draw.array, draw.array, draw.special, draw.ties))
    return make(dtype, shape)


def tolerance(dtype: str) -> float:
    """Return the relative tolerance for one rounding, or a few: what the type is worth."""
    return 1e-11 if dtype == "float64" else 4e-6


def at_least(case: NodeCase, target: Target, opset: int, **changes: Any) -> NodeCase:
    """Let onnxruntime compute version ``opset``, with ``changes``, if it lacks older ones."""
    if target.opset >= opset:
        return case
    attributes = {k: v for k, v in case.attributes.items() if k != "consumed_inputs"}
    changes.setdefault("attributes", attributes)
    return replace(case, stand_in=replace(case, opset=opset, **changes))


def at_most(case: NodeCase, target: Target, opset: int) -> NodeCase:
    """Let onnxruntime compute version ``opset``, which says the same, if it lacks newer ones."""
    if target.opset <= opset:
        return case
    return replace(case, stand_in=replace(case, opset=opset))


def with_hint(draw: Draw, target: Target, attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes, with opset 1's hint about memory at times, where there is one."""
    schema = onnx.defs.get_schema(target.operator, target.since, target.domain)
    if "consumed_inputs" in schema.attributes and draw.chance(0.3):
        return {**attributes, "consumed_inputs": [0]}
    return attributes


def from_axis(draw: Draw, target: Target, a: Any, make_b: Any) -> NodeCase:
    """Return a case of opsets 1 to 6: the second input has some axes of the first.

    onnxruntime lacks these versions: it is given the second input in a shape that NumPy
    broadcasts.
    """
    attributes: dict[str, Any] = {}
    shape, trailing = a.shape, 0
    if draw.chance(0.75):
        attributes["broadcast"] = 1
        start = draw.integer(0, a.ndim)
        stop = draw.integer(start, a.ndim) if draw.chance(0.6) else a.ndim
        shape, trailing = a.shape[start:stop], a.ndim - stop
        if stop < a.ndim or draw.chance():
            negative = start < a.ndim and draw.chance(0.2)
            attributes["axis"] = start - a.ndim if negative else start
        if not shape:
            trailing = 0
            attributes.pop("axis", None)
    b = make_b(shape)
    case = NodeCase([a, b], with_hint(draw, target, attributes))
    inputs = [a, b.reshape(b.shape + (1,) * trailing)]
    return at_least(case, target, 7, inputs=inputs, attributes={})
