"""Conversion of element types: every pair of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ml_dtypes
import numpy as np
from onnx import TensorProto, helper

from ...tolerance import is_extension
from ..case import NodeCase
from ..deviations import deviates
from ..draw import Draw
from ..registry import Target, generates
from ._types import a_type, allowed, values

_DIGITS = ("0", "1", "-1", "12", "-127", "+7", "100")
_NUMBERS = (
    *_DIGITS, "1.5", "-0.25", "3e2", "1e-3", "-2.5E+1", ".5", "1000000.125", "0.1",
)  # fmt: skip
_ODD = ("nan", "NaN", "inf", "-inf", "INF", "-INF", "+INF")


def is_float(dtype: str) -> bool:
    """Whether a dtype has fractions."""
    return "float" in dtype


def convertible(draw: Draw, source: str, to: str, shape: Sequence[int]) -> Any:
    """Return numbers of which ONNX says what becomes of them in another type.

    Floats beyond the range of an integer may become anything: there are none.
    """
    if source == "object":
        if to == "object":
            return draw.strings(shape, ("a", "", "ß"))
        words: tuple[str, ...] = (*_NUMBERS, *_ODD) if is_float(to) else _DIGITS
        if to[0] == "u" or to in ("bool", "float8_e8m0fnu"):
            words = tuple(word for word in words if word[0] != "-")
        return draw.strings(shape, words)
    if to == "float8_e8m0fnu":  # what becomes of -1 or -0.0 is not specified
        x = np.absolute(values(draw, "float32", shape))
        if is_float(source) and draw.chance():
            x = x * np.float32(10.0 ** draw.integer(-38, 30))
        return x.astype(source) if is_float(source) else values(draw, source, shape)
    if not is_float(source) or is_float(to) or to in ("bool", "object"):
        if is_float(source) and to != "bool" and draw.chance():
            scale = 10.0 ** draw.integer(-6, 6)
            return (draw.array("float64", shape, -1, 1) * scale).astype(source)
        return values(draw, source, shape)
    signed, bits = to[0] != "u", int(to.lstrip("uint"))
    high = float(min(2 ** (bits - signed) - 1, 2**15))
    if is_extension(np.dtype(source)):
        high = min(high, float(ml_dtypes.finfo(source).max))
    low = -high if signed else 0.0
    x = draw.array("float64", shape, low, high)
    if draw.chance(0.3):  # halves
        x = np.clip(np.rint(x * 2) / 2, low, high)
    return x.astype(source)


def attributes_of(draw: Draw, target: Target, to: str) -> dict[str, Any]:
    """Return ``saturate`` and ``round_mode``, where the type has a use for them."""
    attributes: dict[str, Any] = {}
    if "float8" in to and draw.chance(0.6):
        attributes["saturate"] = draw.integer(0, 1)
    if to == "float8_e8m0fnu" and draw.chance(0.7):
        attributes["round_mode"] = draw.one_of(("up", "down", "nearest"))
    return attributes


def pair(draw: Draw, target: Target, likeness: int = 0) -> tuple[str, str]:
    """Return two types; onnxruntime seldom has a kernel for those of the second tuple."""
    rare = () if draw.chance(0.1) else ("float4_e2m1fn", "complex64", "complex128")
    first, second = (
        [t for t in allowed(target, i) if t not in rare] for i in (0, likeness)
    )
    return draw.one_of(first), draw.one_of(second)


@generates("Cast")
def cast(draw: Draw, target: Target) -> NodeCase:
    """Any type to any other; in version 1, named by a string."""
    source, to = pair(draw, target)
    x = convertible(draw, source, to, draw.shape(most=3))
    code = (
        TensorProto.STRING
        if to == "object"
        else helper.np_dtype_to_tensor_dtype(np.dtype(to))
    )
    attributes = {"to": code, **attributes_of(draw, target, to)}
    case = NodeCase([x], attributes, exact=True)
    if target.since > 1:
        return case
    name = TensorProto.DataType.Name(code)
    stand_in = NodeCase([x], attributes, exact=True, opset=6)
    return NodeCase([x], {"to": name}, exact=True, stand_in=stand_in)


@generates("CastLike")
def cast_like(draw: Draw, target: Target) -> NodeCase:
    """Any type to that of the second input."""
    source, to = pair(draw, target, 1)
    like = draw.array(to, draw.shape()) if to != "object" else draw.strings((1,), "a")
    x = convertible(draw, source, to, draw.shape(most=3))
    return NodeCase([x, like], attributes_of(draw, target, to), exact=True)


def types_of(case: NodeCase) -> tuple[str, str]:
    """Return the dtypes between which a case converts."""
    x, *like = (np.asarray(value) for value in case.inputs)
    if like:
        return x.dtype.name, like[0].dtype.name
    code = case.attributes["to"]
    code = TensorProto.DataType.Value(code) if isinstance(code, str) else code
    return x.dtype.name, helper.tensor_dtype_to_np_dtype(code).name


@deviates(
    "Cast",
    "CastLike",
    reason="onnxruntime makes True of -0.0 in float8; the specification makes False of it, "
    "as onnxruntime does in wider types",
)
def _minus_zero_to_bool(case: NodeCase) -> bool:
    source, to = types_of(case)
    if "float8" not in source or to != "bool":
        return False
    x = np.asarray(case.inputs[0]).astype(np.float32)
    return bool((np.signbit(x) & (x == 0)).any())


@deviates(
    "Cast",
    "CastLike",
    reason="onnxruntime makes NaN of what is rounded just beyond float8e5m2 without "
    "saturation (61440 to 65536), but infinity of all that is greater; the specification "
    "makes infinity of both",
)
def _just_beyond(case: NodeCase) -> bool:
    source, to = types_of(case)
    if to != "float8_e5m2" or case.attributes.get("saturate", 1) or source == "object":
        return False
    size = np.absolute(np.asarray(case.inputs[0]).astype(np.float64))
    return bool(((size >= 61440) & (size < 65536)).any())


@deviates(
    "CastLike",
    reason="onnxruntime runs ONNX's function body, which does not hand round_mode to Cast; "
    "the text of the operator, and we, round as round_mode says",
)
def _round_mode_is_lost(case: NodeCase) -> bool:
    to = types_of(case)[1]
    return to == "float8_e8m0fnu" and case.attributes.get("round_mode", "up") != "up"


@generates("BitCast")
def bit_cast(draw: Draw, target: Target) -> NodeCase:
    """To a type of as many bits."""
    source = a_type(draw, target, ("float32", "int32", "uint8", "float64", "int64"))
    size = np.dtype(source).itemsize
    others = [t for t in allowed(target) if np.dtype(t).itemsize == size]
    to = helper.np_dtype_to_tensor_dtype(np.dtype(draw.one_of(others)))
    return NodeCase([values(draw, source, draw.shape())], {"to": to}, exact=True)
