"""onnxruntime's operators on quantized tensors, of the domain com.microsoft."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..ir.program import Argument, Call
from ..kernels import quantized, quantized_tables
from .context import NodeContext
from .quantization import scalar_literal
from .registry import lowers


def _zero_point(node: NodeContext, index: int) -> Argument:
    value = scalar_literal(node, index)
    return 0 if value is None else value


def _binary(node: NodeContext, kernel: Callable[..., Any]) -> Call:
    a = (node.input(0), scalar_literal(node, 1), _zero_point(node, 2))
    b = (node.input(3), scalar_literal(node, 4), _zero_point(node, 5))
    return node.call(kernel, *a, *b, scalar_literal(node, 6), _zero_point(node, 7))


@lowers("QLinearAdd", domain="com.microsoft")
def qlinear_add(node: NodeContext) -> Call:
    """1: the only version."""
    return _binary(node, quantized.qlinear_add)


@lowers("QLinearMul", domain="com.microsoft")
def qlinear_mul(node: NodeContext) -> Call:
    """1: the only version."""
    return _binary(node, quantized.qlinear_multiply)


@lowers("QLinearSigmoid", domain="com.microsoft")
def qlinear_sigmoid(node: NodeContext) -> Call:
    """1: the only version."""
    return _table(node, quantized_tables.qlinear_sigmoid)


@lowers("QLinearLeakyRelu", domain="com.microsoft")
def qlinear_leaky_relu(node: NodeContext) -> Call:
    """1: the only version."""
    alpha = node.float("alpha", 0.01)
    return _table(node, quantized_tables.qlinear_leaky_relu, alpha=alpha)


def _table(node: NodeContext, kernel: Callable[..., Any], **options: Argument) -> Call:
    """Look results up; where all parameters are constant, the table is a weight."""
    dtype = node.dtype(0)
    x_scale, y_scale = scalar_literal(node, 1), scalar_literal(node, 3)
    parameters = (x_scale, _zero_point(node, 2), y_scale, _zero_point(node, 4))
    if dtype and all(isinstance(value, (int, float)) for value in parameters):
        with np.errstate(all="ignore"):
            table = kernel(np.arange(256).astype(dtype), *parameters, **options)
        return node.call(np.take, node.weight("table", table), node.input(0))
    return node.call(kernel, node.input(0), *parameters, **options)


@lowers("QLinearConcat", domain="com.microsoft")
def qlinear_concat(node: NodeContext) -> Call:
    """1: the only version. Inputs are the result's scale and zero point, then triples."""
    starts = range(2, len(node.inputs), 3)
    return node.call(
        quantized_tables.qlinear_concat,
        scalar_literal(node, 0),
        _zero_point(node, 1),
        tuple(node.input(i) for i in starts),
        tuple(scalar_literal(node, i + 1) for i in starts),
        tuple(_zero_point(node, i + 2) for i in starts),
        axis=node.int("axis"),
    )


@lowers("QLinearSoftmax", domain="com.microsoft")
def qlinear_softmax(node: NodeContext) -> Call:
    """1: the only version; its attribute ``opset`` says which Softmax is meant."""
    flatten = node.int("opset") < 13
    axis = node.int("axis", -1)
    rank = node.rank(0)
    if flatten and rank and axis % rank == rank - 1:
        flatten, axis = False, -1
    return node.call(
        quantized_tables.qlinear_softmax,
        node.input(0),
        scalar_literal(node, 1),
        None,
        scalar_literal(node, 3),
        _zero_point(node, 4),
        axis=axis,
        flatten=flatten,
    )


def _centred(node: NodeContext) -> tuple[Argument, Argument]:
    """Return B and its zero point; where they are constant, floats that have none."""
    b, zero_point = node.constant(3), node.constant(5)
    if b is None or b.ndim != 2 or (node.has_input(5) and zero_point is None):
        return node.input(3), _zero_point(node, 5)
    wide, across = b.astype(np.float64), 1 if node.int("transB", 0) else 0
    if zero_point is not None:
        wide -= np.expand_dims(zero_point.reshape(-1), across)
    # No partial sum is greater than the sum of absolute values of a column, times 255.
    sums = np.abs(wide).sum(axis=across)
    exact = 255 * sums.max(initial=0) <= 2**24
    return node.weight("b", wide.astype(np.float32 if exact else np.float64)), 0


@lowers("QGemm", domain="com.microsoft")
def qgemm(node: NodeContext) -> Call:
    """1: the only version."""
    b, b_zero_point = _centred(node)
    return node.call(
        quantized.qgemm,
        *(node.input(0), scalar_literal(node, 1), _zero_point(node, 2)),
        *(b, scalar_literal(node, 4), b_zero_point),
        node.optional(6),
        scalar_literal(node, 7),
        scalar_literal(node, 8),
        alpha=node.float("alpha", 1.0),
        trans_a=bool(node.int("transA", 0)),
        trans_b=bool(node.int("transB", 0)),
    )
