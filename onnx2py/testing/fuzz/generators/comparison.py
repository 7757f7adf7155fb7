"""Comparison, logic and choice."""

from __future__ import annotations

import numpy as np

from ..case import NodeCase
from ..draw import FLOATS, Draw
from ..registry import Target, generates
from ._types import a_type, from_axis, values

_COMPUTED = (*FLOATS, "int32", "int64", "int8", "uint8", "int16", "uint32", "uint64")


@generates(
    "And", "Or", "Xor", "Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual"
)
def comparison(draw: Draw, target: Target) -> NodeCase:
    """Two operands of few different values, broadcast; until version 6 by attributes."""
    usual = (
        *_COMPUTED,
        "bool",
        *(("object",) * 2 if target.operator == "Equal" else ()),
    )
    dtype = a_type(draw, target, usual, rare=0.05)
    alike = draw.chance() and dtype != "object"

    def make(shape: tuple[int, ...]) -> np.ndarray:
        return draw.ties(dtype, shape) if alike else values(draw, dtype, shape)

    if target.since < 7:
        return from_axis(draw, target, make(draw.shape(zero=0)), make)
    shapes = draw.broadcast_shapes(2)
    return NodeCase([make(shapes[0]), make(shapes[1])])


@generates("Not")
def logical_not(draw: Draw, target: Target) -> NodeCase:
    """Any shape."""
    return NodeCase([draw.array("bool", draw.shape())])


@generates("IsNaN", "IsInf")
def is_special(draw: Draw, target: Target) -> NodeCase:
    """NaN and both infinities; ``IsInf`` may look for one of them."""
    usual = ("float32", "float64", "float16", "bfloat16", "float8_e4m3fn")
    dtype = a_type(draw, target, usual)
    attributes = {}
    if target.operator == "IsInf":
        names = ("detect_negative", "detect_positive")
        attributes = {name: draw.integer(0, 1) for name in names if draw.chance(0.6)}
    return NodeCase([draw.special(dtype, draw.shape())], attributes)


@generates("Where")
def where(draw: Draw, target: Target) -> NodeCase:
    """Three tensors, broadcast to each other."""
    usual = ("float32", "float32", "int64", "int32", "uint8", "object", "float64")
    dtype = a_type(draw, target, usual, index=1)
    shapes = draw.broadcast_shapes(3)
    chosen = draw.array("bool", shapes[0])
    return NodeCase([chosen, *(values(draw, dtype, shape) for shape in shapes[1:])])
