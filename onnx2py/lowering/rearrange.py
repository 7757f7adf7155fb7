"""Elements in another order, joined, or added up on the way."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ir.program import Call
from ..ir.types import DTYPES
from ..kernels import rearrange as kernels
from .context import NodeContext
from .registry import lowers
from .shape import one_number


@lowers("Transpose")
def transpose(node: NodeContext) -> Call:
    """1, 13, 21 ...: only types were added."""
    perm = node.ints("perm", None)
    return node.call(np.transpose, node.input(0), *(() if perm is None else (perm,)))


@lowers("Concat")
def concat(node: NodeContext) -> Call:
    """1: ``axis`` is 1 by default. 4: it must be given. 11: negative axes."""
    axis = node.int("axis", 1) if node.version < 4 else node.int("axis")
    tensors = tuple(node.input(i) for i in range(len(node.node.inputs)))
    return node.call(np.concatenate, tensors, axis=axis)


_MODES = ("DCR", "CRD")


@lowers("DepthToSpace")
def depth_to_space(node: NodeContext) -> Call:
    """1: mode DCR. 11: ``mode``. 13, 28: types were added."""
    return node.call(
        kernels.depth_to_space,
        node.input(0),
        blocksize=node.int("blocksize"),
        mode=node.choice("mode", "DCR", _MODES),
    )


@lowers("SpaceToDepth")
def space_to_depth(node: NodeContext) -> Call:
    """1, 13: mode DCR. 28: ``mode``."""
    return node.call(
        kernels.space_to_depth,
        node.input(0),
        blocksize=node.int("blocksize"),
        mode=node.choice("mode", "DCR", _MODES),
    )


@lowers("ReverseSequence", since=10)
def reverse_sequence(node: NodeContext) -> Call:
    """10, 28: only types were added."""
    return node.call(
        kernels.reverse_sequence,
        node.input(0),
        node.input(1),
        batch_axis=node.int("batch_axis", 1),
        time_axis=node.int("time_axis", 0),
    )


@lowers("CumSum", since=11)
def cumsum(node: NodeContext) -> Call:
    """11, 14: only types were added."""
    axis, dtype = one_number(node, 1), node.dtype(0)
    options = _options(node)
    is_scalar = not node.rank(0) and axis in (0, -1)  # or may be one
    plain = isinstance(axis, int) and not is_scalar and not any(options.values())
    if plain and dtype is not None and dtype not in _HALVES:
        # np.cumsum would make int64 of int32, and one axis of none
        kind: dict[str, Any] = {} if dtype in _KEPT else {"dtype": DTYPES[dtype]}
        return node.call(np.cumsum, node.input(0), axis=axis, **kind)
    return node.call(kernels.cumsum, node.input(0), axis, **options)


_KEPT = ("float32", "float64", "int64", "uint64")
_HALVES = ("float16", "bfloat16")
"""What np.cumsum would round after each addition."""


@lowers("CumProd", since=26)
def cumprod(node: NodeContext) -> Call:
    """26."""
    axis, options = one_number(node, 1), _options(node)
    return node.call(kernels.cumprod, node.input(0), axis, **options)


def _options(node: NodeContext) -> dict[str, Any]:
    return {
        "exclusive": bool(node.int("exclusive", 0)),
        "reverse": bool(node.int("reverse", 0)),
    }
