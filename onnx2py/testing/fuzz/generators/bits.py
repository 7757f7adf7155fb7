"""Operations on the bits of integers."""

from __future__ import annotations

import numpy as np

from ..case import NodeCase
from ..draw import ALL_INTEGERS, Draw
from ..registry import Target, generates
from ._types import a_type


@generates("BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitwiseNot")
def bitwise(draw: Draw, target: Target) -> NodeCase:
    """One operand or two, of all bits."""
    dtype = a_type(draw, target, ALL_INTEGERS)
    shapes = draw.broadcast_shapes(1 if target.operator == "BitwiseNot" else 2)
    return NodeCase([draw.array(dtype, shape) for shape in shapes])


@generates("BitShift")
def bit_shift(draw: Draw, target: Target) -> NodeCase:
    """Both directions; what is beyond all bits is defined since version 28."""
    dtype = a_type(draw, target, ALL_INTEGERS)
    shapes = draw.broadcast_shapes(2)
    most = np.iinfo(dtype).bits + (3 if target.since >= 28 else -1)
    inputs = [draw.array(dtype, shapes[0]), draw.array(dtype, shapes[1], 0, most)]
    return NodeCase(inputs, {"direction": draw.one_of(("LEFT", "RIGHT"))})
