"""Elements chosen by their values."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..ir.program import Argument, Call
from ..kernels import selection as kernels
from .context import NodeContext
from .registry import lowers
from .shape import one_number


@lowers("NonZero", since=9)
def non_zero(node: NodeContext) -> Call:
    """9, 13: only types were added."""
    return node.call(kernels.non_zero, node.input(0))


@lowers("TopK")
def top_k_by_attribute(node: NodeContext) -> Call:
    """1: ``k`` is an attribute."""
    return _top_k(node, node.int("k"))


@lowers("TopK", since=10)
def top_k(node: NodeContext) -> Call:
    """10: ``k`` is an input. 11: ``largest`` and ``sorted``. 24: types were added."""
    node.ignore("sorted")  # where it is 0 any order will do
    return _top_k(node, one_number(node, 1))


def _top_k(node: NodeContext, k: Argument) -> Call:
    return node.call(
        kernels.top_k,
        node.input(0),
        k,
        axis=node.int("axis", -1),
        largest=bool(node.int("largest", 1)),
        results=2,
    )


@lowers("Unique", since=11)
def unique(node: NodeContext) -> Call:
    """11, 28: only types were added."""
    axis, is_sorted = node.int("axis", None), bool(node.int("sorted", 1))
    if axis is None and is_sorted and not any(node.has_output(i) for i in (1, 2, 3)):
        return node.call(np.unique, node.input(0))
    return node.call(
        kernels.unique, node.input(0), axis=axis, sorted=is_sorted, results=4
    )


@lowers("Unique", domain="com.microsoft")
def unique_in_order(node: NodeContext) -> Call:
    """Always in the order of first occurrence."""
    return node.call(kernels.unique_in_order, node.input(0), results=3)


@lowers("OneHot", since=9)
def one_hot(node: NodeContext) -> Call:
    """9, 28: types were added. 11: negative indices, which onnxruntime has since 9."""
    depth = one_number(node, 1)
    return node.call(
        kernels.one_hot,
        node.input(0),
        int(depth) if isinstance(depth, float) else depth,
        node.input(2),
        axis=node.int("axis", -1),
    )


@lowers("Compress", since=9)
def compress(node: NodeContext) -> Call:
    """9, 11, 28: only types were added, and negative axes in 11."""
    axis = node.int("axis", None)
    along: dict[str, Any] = {} if axis is None else {"axis": axis}
    if not _selects_within(node, axis):
        return node.call(kernels.compress, node.input(0), node.input(1), **along)
    return node.call(np.compress, node.input(1), node.input(0), **along)


def _selects_within(node: NodeContext, axis: int | None) -> bool:
    """Whether the condition is a list that is known not to be longer than the axis."""
    condition, shape = node.shape(1), node.shape(0)
    if condition is None or shape is None or len(condition) != 1:
        return False
    if axis is not None and not -len(shape) <= axis < len(shape):
        return False
    return condition[0] <= (prod(shape) if axis is None else shape[axis])


@lowers("Trilu", domain="com.microsoft")
@lowers("Trilu", since=14)
def trilu(node: NodeContext) -> Call:
    """14."""
    k = one_number(node, 1) if node.has_input(1) else 0
    upper = bool(node.int("upper", 1))
    if not isinstance(k, int):
        return node.call(kernels.trilu, node.input(0), k, upper=upper)
    diagonal: dict[str, Any] = {"k": k} if k else {}
    return node.call(np.triu if upper else np.tril, node.input(0), **diagonal)
