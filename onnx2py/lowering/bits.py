"""Operations on the bits of integers."""

from __future__ import annotations

import numpy as np

from ..ir.program import Call
from ._elementwise import binary, unary
from .context import NodeContext
from .registry import lowers

lowers("BitwiseAnd", since=18)(binary(np.bitwise_and))
lowers("BitwiseOr", since=18)(binary(np.bitwise_or))
lowers("BitwiseXor", since=18)(binary(np.bitwise_xor))
lowers("BitwiseNot", since=18)(unary(np.invert))


@lowers("BitShift", since=11)
def bit_shift(node: NodeContext) -> Call:
    """11, 28: signed types were added, and what becomes of shifts beyond all bits.

    NumPy has the latter as ONNX has it: only the sign remains.
    """
    directions = {"LEFT": np.left_shift, "RIGHT": np.right_shift}
    direction = node.string("direction")
    if direction not in directions:
        raise node.unsupported(
            f"attribute direction: expected LEFT or RIGHT, got {direction!r}"
        )
    return node.call(directions[direction], node.input(0), node.input(1))
