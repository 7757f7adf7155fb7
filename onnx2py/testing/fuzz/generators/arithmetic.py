"""Arithmetic and elementary functions, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import NodeCase
from ..deviations import deviates
from ..draw import ALL_INTEGERS, FLOATS, Draw
from ..registry import Target, generates
from ._types import a_type, at_least, from_axis, tolerance, values, with_hint

_ANY_NUMBER = (*FLOATS, *FLOATS, *ALL_INTEGERS)
_USUAL = {
    **dict.fromkeys(("Abs", "Neg", "Sign"), _ANY_NUMBER),
    "Erf": ("float32", "float16"),  # what onnxruntime has a kernel for
}


@generates(
    "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Ceil", "Cos", "Cosh",
    "Erf", "Exp", "Floor", "Log", "Neg", "Reciprocal", "Round", "Sign", "Sin", "Sinh",
    "Sqrt", "Tan",
)  # fmt: skip
def unary(draw: Draw, target: Target) -> NodeCase:
    """Any shape; halves, which rounding must decide on, and numbers out of the domain."""
    usual = _USUAL.get(target.operator, FLOATS)
    dtype = a_type(draw, target, usual, rare=0.08)
    x = values(draw, dtype, draw.shape())
    if target.operator in ("Round", "Ceil", "Floor") and draw.chance():
        x = (draw.array("int8", x.shape) / 2).astype(x.dtype)
    case = NodeCase([x], with_hint(draw, target, {}), rtol=tolerance(dtype), ulp=True)
    return at_least(case, target, 6)


@deviates(
    "Sign",
    reason="onnxruntime makes 0 of NaN in float16 and bfloat16, but NaN in float32 and "
    "float64; we make NaN in all of them",
)
def _sign_of_small_nan(case: NodeCase) -> bool:
    x = np.asarray(case.inputs[0])
    return x.dtype.itemsize == 2 and bool((x != x).any())


def _operand(draw: Draw, target: Target, dtype: str, shape: tuple[int, ...]) -> Any:
    """Return a second operand: for integers, no divisor is 0."""
    b = values(draw, dtype, shape)
    if target.operator in ("Div", "Mod") and "int" in dtype:
        return np.where(b == 0, b.dtype.type(3), b)
    return b


@generates("Add", "Sub", "Mul", "Div")
def binary(draw: Draw, target: Target) -> NodeCase:
    """Two operands, broadcast; until version 6 by the attributes of that time."""
    dtype = a_type(draw, target, (*FLOATS, "int32", "int64", "int8", "uint8"), rare=0.1)
    if target.since < 7:
        a = values(draw, dtype, draw.shape(zero=0))
        return from_axis(
            draw, target, a, lambda shape: _operand(draw, target, dtype, shape)
        )
    shapes = draw.broadcast_shapes(2)
    a = values(draw, dtype, shapes[0])
    b = _operand(draw, target, dtype, shapes[1])
    return NodeCase([a, b], rtol=tolerance(dtype), ulp=True)


@generates("Mod")
def mod(draw: Draw, target: Target) -> NodeCase:
    """Both signs; ``fmod`` must be set for floats before version 28."""
    dtype = a_type(draw, target, _ANY_NUMBER, rare=0.05)
    shapes = draw.broadcast_shapes(2)
    attributes = {"fmod": draw.integer(0, 1)} if draw.chance(0.7) else {}
    if "float" in dtype and target.since < 28:
        attributes = {"fmod": 1}
    a = values(draw, dtype, shapes[0])
    b = _operand(draw, target, dtype, shapes[1])
    if "float" not in dtype and a.size:
        a = np.where(a == np.iinfo(a.dtype).min, a.dtype.type(1), a)
    return NodeCase([a, b], attributes, exact=True)


@generates("Pow")
def power(draw: Draw, target: Target) -> NodeCase:
    """A base and an exponent of other types; often the exponents that have a short form."""
    dtype = a_type(draw, target, ("float32", "float32", "float64", "int32", "int64"))
    if target.since < 7:
        a = draw.array(dtype, draw.shape(zero=0), 0.1, 3)
        case = from_axis(draw, target, a, lambda shape: draw.array(dtype, shape, -2, 2))
        case.ulp = True
        return case
    usual = ("float32", "float32", "float64", "int32", "int64")
    other = dtype if target.since < 12 else a_type(draw, target, usual, index=1)
    shapes = draw.broadcast_shapes(2)
    if draw.chance(0.4):
        number = draw.one_of((0, 1, 2, 3, 0.5, 4, -1 if "float" in dtype else 2))
        y = np.full(draw.one_of(((), (1,), (1, 1))), number).astype(other)
    else:
        y = draw.array(other, shapes[1], 0 if other[0] == "u" else -3, 4)
    whole = "int" in dtype
    if whole:  # 0 to a negative power is no integer, -2 to 0.5 is no number
        x = draw.array(dtype, shapes[0], 1 if "float" in other else -5, 5)
        x = np.where(x == 0, x.dtype.type(3), x)
    else:
        x = values(draw, dtype, shapes[0])
    return NodeCase([x, y], rtol=tolerance(dtype), ulp=True)


@generates("Max", "Min", "Sum", "Mean")
def variadic(draw: Draw, target: Target) -> NodeCase:
    """One to five tensors, broadcast since version 8."""
    numbers = (*FLOATS, "int32", "int64", "uint32", "uint64")
    dtype = a_type(draw, target, numbers, rare=0.08)
    count = draw.integer(1, 5)
    if target.since < 8:
        shapes = [draw.shape()] * count
    else:
        shapes = draw.broadcast_shapes(count)
    inputs = [values(draw, dtype, shape) for shape in shapes]
    exact = target.operator in ("Max", "Min")
    case = NodeCase(inputs, with_hint(draw, target, {}), rtol=1e-6, exact=exact)
    return at_least(case, target, 8)
