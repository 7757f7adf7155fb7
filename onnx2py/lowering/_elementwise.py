"""Rules in bulk: what is a NumPy function, and how opsets 1 to 6 broadcast."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..ir.program import Call
from ..kernels import legacy
from .context import NodeContext
from .registry import Rule

Function = Callable[..., Any]


def unary(function: Function) -> Rule:
    """Return a rule that applies ``function`` to the one input."""

    def rule(node: NodeContext) -> Call:
        node.ignore("consumed_inputs")  # a memory hint of opset 1
        return node.call(function, node.input(0))

    return rule


def binary(function: Function) -> Rule:
    """Return a rule that applies ``function`` to two inputs, broadcast as in NumPy."""

    def rule(node: NodeContext) -> Call:
        return node.call(function, node.input(0), node.input(1))

    return rule


def binary_from_axis(function: Function, operation: str) -> Rule:
    """Return a rule for opsets 1 to 6: ``axis`` says which axes the second input has.

    ``operation`` is the name of ``function`` as ``combine_from_axis`` knows it.
    """

    def rule(node: NodeContext) -> Call:
        node.ignore("consumed_inputs")
        broadcast, axis = node.int("broadcast", 0), node.int("axis", None)
        a, b = node.input(0), node.input(1)
        ranks = node.rank(0), node.rank(1)
        if not broadcast or axis is None or ranks[1] == 0:
            return node.call(function, a, b)
        if ranks[0] is None or ranks[1] is None:
            return node.call(
                legacy.combine_from_axis, a, b, operation=operation, axis=axis
            )
        start = axis + ranks[0] if axis < 0 else axis
        trailing = ranks[0] - start - ranks[1]
        if trailing <= 0:
            return node.call(function, a, b)
        value = node.constant(1)
        if value is None:
            return node.call(
                legacy.combine_from_axis, a, b, operation=operation, axis=start
            )
        shaped = value.reshape(value.shape + (1,) * trailing)
        return node.call(function, a, node.weight("broadcast", shaped))

    return rule
