"""Softmax, LogSoftmax and Hardmax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..ir.program import Call
from ..kernels import softmax
from .context import NodeContext
from .registry import Rule, lowers

Function = Callable[..., Any]


def _along_axis(kernel: Function) -> Rule:
    """Since 13: along one axis, by default the last."""

    def rule(node: NodeContext) -> Call:
        return _call(node, kernel, node.int("axis", -1))

    return rule


def _flattened(kernel: Function, flattening: Function) -> Rule:
    """1, 11: over all axes from ``axis`` on; 11: which may be negative."""

    def rule(node: NodeContext) -> Call:
        axis = node.int("axis", 1)
        kind = node.type(0)
        shape = kind.shape if kind else None
        if shape is not None:
            first = axis + len(shape) if axis < 0 else axis
            long = [a for a in range(first, len(shape)) if shape[a] != 1]
            if first < len(shape) and len(long) < 2:  # one axis: nothing to flatten
                return _call(node, kernel, *long or [first])
        return node.call(flattening, node.input(0), axis=axis)

    return rule


def _call(node: NodeContext, kernel: Function, axis: int) -> Call:
    last = node.rank(0) is not None and axis + 1 == node.rank(0)
    return node.call(kernel, node.input(0), axis=-1 if last else axis)


for _operator, _kernel, _flattening in (
    ("Softmax", softmax.softmax, softmax.softmax_flattened),
    ("LogSoftmax", softmax.log_softmax, softmax.log_softmax_flattened),
    ("Hardmax", softmax.hardmax, softmax.hardmax_flattened),
):
    lowers(_operator)(_flattened(_kernel, _flattening))
    lowers(_operator, since=13)(_along_axis(_kernel))
