"""Comparison, logic and choice."""

from __future__ import annotations

import numpy as np

from ..ir.program import Call
from ..kernels import comparison
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


@lowers("IsInf", since=10)
def is_inf(node: NodeContext) -> Call:
    """10, 20: only types were added."""
    negative = bool(node.int("detect_negative", 1))
    positive = bool(node.int("detect_positive", 1))
    if negative and positive:
        return node.call(np.isinf, node.input(0))
    return node.call(
        comparison.is_inf,
        node.input(0),
        detect_negative=negative,
        detect_positive=positive,
    )
