"""Tensors made from nothing, from their shape, or from their bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import SparseTensorProto, helper, numpy_helper

from ..case import NodeCase
from ..draw import ALL_INTEGERS, FLOATS, NUMBERS, Draw
from ..registry import Target, generates
from ._types import WORDS, a_type, values

_PLAIN = (*NUMBERS, "bool")
_COMPUTED = ("float32", "float64", "int64", "int32", "uint64")


@generates("EyeLike")
def eye_like(draw: Draw, target: Target) -> NodeCase:
    """Any matrix; a diagonal that may lie beyond it."""
    attributes: dict[str, Any] = {}
    if draw.chance(0.7):
        attributes["k"] = draw.integer(-4, 4)
    if draw.chance():
        dtype = np.dtype(a_type(draw, target, _COMPUTED))
        attributes["dtype"] = helper.np_dtype_to_tensor_dtype(dtype)
    x = values(draw, a_type(draw, target, _COMPUTED), draw.shape(2, 2))
    return NodeCase([x], attributes)


@generates("Range")
def range_(draw: Draw, target: Target) -> NodeCase:
    """Up and down, whole steps and fractions, and ranges that are empty."""
    dtype = a_type(draw, target, ("float32", "float64", "int16", "int32", "int64"))
    if "int" in dtype:
        step = draw.one_of((1, 1, 2, 3, -1, -4))
        bounds: list[float] = [draw.integer(-20, 20), draw.integer(-20, 20), step]
    else:
        bounds = [draw.number(-5, 5), draw.number(-5, 5)]
        bounds.append(draw.one_of((0.5, 1, 0.1, 0.3, -0.7)))
    attributes = {"stash_type": 1} if target.since >= 27 and draw.chance() else {}
    inputs = [np.array(bound, dtype) for bound in bounds]
    # A step is added again and again: the error of each addition remains.
    return NodeCase(inputs, attributes, rtol=1e-5)


@generates("ConstantOfShape")
def constant_of_shape(draw: Draw, target: Target) -> NodeCase:
    """Any shape, no axes too; a value of any type, or 0 of float32."""
    attributes: dict[str, Any] = {}
    if draw.chance(0.8):
        kind = draw.one_of((*NUMBERS, "bool", "uint64", "int16", "bfloat16"))
        make = draw.one_of((draw.array, draw.special, draw.ties))
        attributes["value"] = make(kind, (1,))
    return NodeCase([np.array(draw.shape(), np.int64)], attributes, exact=True)


@generates("Constant")
def constant(draw: Draw, target: Target) -> NodeCase:
    """Each of the attributes that may hold the value."""
    names = ["value"]
    names += ["sparse_value"] if target.since >= 11 else []
    if target.since >= 12:
        for kind in ("float", "int", "string"):
            names += [f"value_{kind}", f"value_{kind}s"]
    name = draw.one_of(names)
    if name == "sparse_value":
        sparse, dense = _sparse(draw)
        # onnxruntime has no kernel whose output could be looked at.
        stand_in = NodeCase([], {"value": dense}, exact=True, opset=target.opset)
        return NodeCase([], {name: sparse}, exact=True, stand_in=stand_in)
    return NodeCase([], {name: _constant(draw, target, name)}, exact=True)


def _constant(draw: Draw, target: Target, name: str) -> Any:
    items = [draw.number(-9, 9) for _ in range(draw.integer(1, 20))]
    if name.startswith("value_float"):
        return items if name[-1] == "s" else items[0]
    if name.startswith("value_int"):
        return [int(i) for i in items] if name[-1] == "s" else int(items[0])
    if name.startswith("value_string"):
        words = draw.strings((len(items),), WORDS).tolist()
        return words if name[-1] == "s" else words[0]
    kinds = FLOATS if target.since < 9 else (*_PLAIN, *ALL_INTEGERS, "object")
    late: tuple[str, ...] = ("bfloat16",) if target.since >= 13 else ()
    late += ("float8_e4m3fn", "float8_e5m2fnuz") if target.since >= 19 else ()
    late += ("int4", "uint4") if target.since >= 21 else ()
    return values(draw, draw.one_of((*kinds, *late)), draw.shape())


def _sparse(draw: Draw) -> tuple[SparseTensorProto, Any]:
    """Return a tensor, sparse and dense; the indices are linear or by axes."""
    shape = draw.shape(1, 3, zero=0)
    size = int(np.prod(shape))
    places = np.sort(draw.rng.permutation(size)[: draw.integer(1, size)])
    items = draw.array(draw.one_of(("float32", "int64")), (len(places),))
    indices = places
    if draw.chance():
        indices = np.stack(np.unravel_index(places, shape), 1).astype(np.int64)
    tensors = numpy_helper.from_array(items), numpy_helper.from_array(indices)
    dense = np.zeros(shape, items.dtype)
    dense.flat[places] = items
    return helper.make_sparse_tensor(*tensors, list(shape)), dense


@generates("Identity")
def identity(draw: Draw, target: Target) -> NodeCase:
    """A tensor of any type, or since version 14 a sequence of tensors."""
    if target.since >= 14 and draw.chance(0.2):
        kind = draw.one_of(("float32", "int64"))
        count = draw.integer(1, 4)
        return NodeCase(
            [[draw.array(kind, draw.shape()) for _ in range(count)]], exact=True
        )
    dtype = a_type(draw, target, (*_PLAIN, "object"), rare=0.4)
    return NodeCase([values(draw, dtype, draw.shape())], exact=True)
