"""Matrix products."""

from __future__ import annotations

import numpy as np

from ..ir.program import Call, Ref
from ..kernels import matmul
from ..kernels import matmul_integer as integer
from .context import NodeContext
from .registry import lowers

_FLOATS = ("float32", "float64", "complex64", "complex128")
_INTEGERS = ("int32", "int64", "uint32", "uint64")


@lowers("MatMul")
def matrix_product(node: NodeContext) -> Call:
    """1, 9, 13: only types were added."""
    a, b = node.input(0), node.input(1)
    rank_a, rank_b = node.rank(0), node.rank(1)
    if node.dtype(0) not in (*_FLOATS, *_INTEGERS) or (rank_a, rank_b) == (1, 1):
        return node.call(matmul.matmul, a, b)
    return node.call(np.matmul, a, b)


@lowers("Gemm")
def gemm(node: NodeContext) -> Call:
    """1, 6: ``broadcast`` allows what 7 always does. 11: C is optional."""
    node.ignore("broadcast")
    return node.call(
        matmul.gemm,
        node.input(0),
        node.input(1),
        node.optional(2),
        alpha=node.float("alpha", 1.0),
        beta=node.float("beta", 1.0),
        trans_a=bool(node.int("transA", 0)),
        trans_b=bool(node.int("transB", 0)),
    )


@lowers("MatMulInteger", since=10)
def matmul_integer(node: NodeContext) -> Call:
    """10."""
    return node.call(
        integer.matmul_integer,
        node.input(0),
        node.input(1),
        _zero_point(node, 2),
        _zero_point(node, 3),
    )


def _zero_point(node: NodeContext, index: int) -> Ref | None:
    """Return a zero point, None where it is known to be 0."""
    value = node.constant(index)
    return None if value is not None and not value.any() else node.optional(index)


@lowers("QLinearMatMul", since=10)
def qlinear_matmul(node: NodeContext) -> Call:
    """10; 21: float8, and scales of other types."""
    for index in (0, 3, 7):
        if node.dtype(index) not in ("int8", "uint8", None):
            raise node.unsupported(
                f"input {index}: expected int8 or uint8, got {node.dtype(index)}"
            )
    return node.call(integer.qlinear_matmul, *(node.input(index) for index in range(8)))
