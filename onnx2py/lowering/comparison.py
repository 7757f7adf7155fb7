"""Comparison, logic and choice."""

from __future__ import annotations

import numpy as np

from ..ir.program import Call
from ._elementwise import binary, binary_from_axis, unary
from .context import NodeContext
from .registry import lowers

for _operator, _function in {
    "Equal": np.equal,
    "Greater": np.greater,
    "Less": np.less,
    "And": np.logical_and,
    "Or": np.logical_or,
    "Xor": np.logical_xor,
}.items():
    lowers(_operator)(binary_from_axis(_function, _function.__name__))
    lowers(_operator, since=7)(binary(_function))

lowers("GreaterOrEqual", since=12)(binary(np.greater_equal))
lowers("LessOrEqual", since=12)(binary(np.less_equal))
lowers("Not")(unary(np.logical_not))
lowers("IsNaN", since=9)(unary(np.isnan))


@lowers("Where", since=9)
def where(node: NodeContext) -> Call:
    """9, 16: only types were added."""
    return node.call(np.where, node.input(0), node.input(1), node.input(2))
