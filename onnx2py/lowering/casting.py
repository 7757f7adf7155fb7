"""Conversion of element types."""

from __future__ import annotations

import numpy as np

from ..ir.program import Call
from ..ir.types import DTYPES, ELEMENT_TYPES, EXTENSION_DTYPES, dtype_name
from ..kernels import arithmetic, casting
from .context import NodeContext
from .registry import lowers

SATURATING = {
    "float8e4m3fn": 448.0,
    "float8e4m3fnuz": 240.0,
    "float8e5m2": 57344.0,
    "float8e5m2fnuz": 57344.0,
}
"""The types whose greatest number takes the place of what is greater."""
NARROW_INTEGERS = ("int4", "uint4", "int2", "uint2")


@lowers("Cast")
def cast_to_name(node: NodeContext) -> Call:
    """1: the type is given by its name, ``FLOAT``; some exporters wrote its number."""
    if isinstance(node.node.attributes.get("to"), int):
        return convert(node, dtype_name(node.element_type("to")))
    names = {name.upper(): name for name in ELEMENT_TYPES.values()}
    names.update({"FLOAT": "float32", "DOUBLE": "float64"})
    name = node.string("to").upper()
    if name not in names:
        raise node.unsupported(f"attribute to: expected an element type, got {name!r}")
    return convert(node, names[name])


@lowers("Cast", since=6)
def cast(node: NodeContext) -> Call:
    """6, 9, 13, 19 (``saturate``), 21, 23, 24 (``round_mode``), 25, 28."""
    return convert(node, dtype_name(node.element_type("to")))


@lowers("CastLike", since=15)
def cast_like(node: NodeContext) -> Call:
    """15, 19 (``saturate``), 21, 23, 24 (``round_mode``), 25."""
    target = node.dtype(1)
    if target is not None:
        return convert(node, target)
    node.ignore("saturate", "round_mode")  # matter only to types that are refused
    return node.call(casting.cast_like, node.input(0), node.input(1))


@lowers("BitCast", since=26)
def bit_cast(node: NodeContext) -> Call:
    """26: the bytes stay as they are."""
    return node.call(".view", node.input(0), node.element_type("to"))


def convert(node: NodeContext, target: str) -> Call:
    """Convert the first input to the type called ``target``."""
    saturate = bool(node.int("saturate", 1))
    round_mode = node.choice("round_mode", "up", ("up", "down", "nearest"))
    x, source, dtype = node.input(0), node.dtype(0), DTYPES[target]
    if source is None:
        if target in SATURATING or dtype.kind not in "biufO":
            raise node.unsupported(f"cast of a value of unknown type to {target}")
        return node.call(casting.cast, x, dtype)
    if source == target:
        return node.call(arithmetic.identity, x)
    if source == "string":
        if target not in EXTENSION_DTYPES:
            return node.call(casting.cast_from_strings, x, dtype)
        return node.call(
            casting.cast_from_strings_narrow,
            x,
            dtype,
            largest=SATURATING.get(target) if saturate else None,
            saturate=saturate,
            round_mode=round_mode,
        )
    if target == "string":
        return node.call(casting.cast_to_strings, x)
    if target == "float8e8m0":
        return node.call(
            casting.cast_to_exponents,
            x,
            dtype,
            saturate=saturate,
            round_mode=round_mode,
        )
    if target in SATURATING and saturate:
        return node.call(casting.cast_saturated, x, dtype, largest=SATURATING[target])
    if target in NARROW_INTEGERS and ("float" in source or source in NARROW_INTEGERS):
        return node.call(casting.cast_rounded, x, dtype)
    if source in EXTENSION_DTYPES and target in EXTENSION_DTYPES:
        return node.call(casting.cast_through_float32, x, dtype)
    if "complex" in source and np.dtype(dtype).kind != "c":
        raise node.unsupported(f"cast of {source} to {target}")
    return node.call(".astype", x, dtype)
