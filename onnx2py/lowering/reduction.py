"""Reductions, and the places of extremes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from ..ir.program import Argument, Call
from ..ir.types import Dim
from ..kernels import reduction, reduction_argmax
from ..kernels._short_axes import MANY, MOST
from .context import NodeContext
from .registry import Rule, lowers
from .shape import distinct

Function = Callable[..., Any]

_FLOATS = ("float32", "float64")
_WORDS = (*_FLOATS, "int64", "uint64")
_NUMBERS = (*_WORDS, "int8", "uint8", "int16", "uint16", "int32", "uint32", "bool")


def _reduction(kernel: Function, same: Function | None, types: tuple[str, ...]) -> Rule:
    """Make the rule of one reduction, ``same`` being NumPy's own one for ``types``.

    1: ``axes`` is an attribute. 13 (ReduceSum) and 18: it is an input, and
    ``noop_with_empty_axes`` says what is meant by none. 11: negative axes.
    """

    def rule(node: NodeContext) -> Call:
        keepdims = bool(node.int("keepdims", 1))
        noop = bool(node.int("noop_with_empty_axes", 0))
        axes = node.ints("axes", None) if node.has("axes") else node.literal(1)
        if isinstance(axes, int):
            axes = (axes,)  # some models have a 0-d tensor here
        axes = distinct(axes, node.rank(0))
        plain = node.dtype(0) in types and _plain(node, axes, keepdims)
        short = plain and _has_short_rows(node, axes)
        if same is np.mean and isinstance(axes, tuple) and len(axes) > 1:
            short = False  # a product takes the mean of an image (rule C6)
        if same and plain and not short:
            axis = axes if isinstance(axes, tuple) and len(axes) != 1 else axes[0]  # type: ignore[index]
            return node.call(same, node.input(0), axis=axis, **_keep(keepdims))
        return node.call(
            kernel,
            node.input(0),
            axes or None if isinstance(axes, tuple) else axes,
            keepdims=keepdims,
            noop_with_empty_axes=noop and not (isinstance(axes, tuple) and axes),
        )

    return rule


def _plain(node: NodeContext, axes: Argument, keepdims: bool) -> bool:
    """Whether NumPy agrees: the axes are known, the result is no scalar."""
    kind = node.type(0)
    shape = kind.shape if kind else None
    if not isinstance(axes, tuple) or not axes or not shape:
        return False
    if not all(isinstance(a, int) and -len(shape) <= a < len(shape) for a in axes):
        return False
    return (keepdims or len(axes) < len(shape)) and all(
        isinstance(shape[a], int) and shape[a] != 0 for a in axes
    )


def _has_short_rows(node: NodeContext, axes: Argument) -> bool:
    """Whether elements may lie in many short rows, over which NumPy is slow."""
    kind = node.type(0)
    shape = kind.shape if kind and kind.shape else ()
    count = prod(shape[axis] for axis in axes)  # type: ignore[misc, index, union-attr]
    return 2 <= count <= MOST and _is_many(shape, MANY * count)


def _is_many(shape: Sequence[Dim], least: int) -> bool:
    """Whether there are ``least`` elements, or may be."""
    known = [dim for dim in shape if isinstance(dim, int)]
    return len(known) < len(shape) or prod(known) >= least


def _keep(keepdims: bool) -> dict[str, Any]:
    return {"keepdims": True} if keepdims else {}


for _operator, _kernel, _same, _types in (
    ("ReduceSum", reduction.reduce_sum, np.sum, _WORDS),
    ("ReduceMean", reduction.reduce_mean, np.mean, _FLOATS),
    ("ReduceProd", reduction.reduce_prod, np.prod, _WORDS),
    ("ReduceMax", reduction.reduce_max, np.max, _NUMBERS),
    ("ReduceMin", reduction.reduce_min, np.min, _NUMBERS),
    ("ReduceL1", reduction.reduce_l1, None, ()),
    ("ReduceL2", reduction.reduce_l2, None, ()),
    ("ReduceLogSum", reduction.reduce_log_sum, None, ()),
    ("ReduceLogSumExp", reduction.reduce_log_sum_exp, None, ()),
    ("ReduceSumSquare", reduction.reduce_sum_square, None, ()),
):
    lowers(_operator)(_reduction(_kernel, _same, _types))


def _extreme(kernel: Function, same: Function) -> Rule:
    """Make the rule of ArgMax or ArgMin. 12: ``select_last_index``."""

    def rule(node: NodeContext) -> Call:
        axis = node.int("axis", 0)
        keepdims = bool(node.int("keepdims", 1))
        last = bool(node.int("select_last_index", 0))
        rank = node.rank(0)
        if rank and (keepdims or rank > 1) and node.dtype(0) in _NUMBERS and not last:
            return node.call(same, node.input(0), axis=axis, **_keep(keepdims))
        return node.call(
            kernel,
            node.input(0),
            axis=axis,
            keepdims=keepdims,
            select_last_index=last,
        )

    return rule


lowers("ArgMax")(_extreme(reduction_argmax.argmax, np.argmax))
lowers("ArgMin")(_extreme(reduction_argmax.argmin, np.argmin))
