"""onnxruntime's operators on quantized tensors, of the domain com.microsoft."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
    return _binary(node, quantized.qlinear_mul)


@lowers("QLinearSigmoid", domain="com.microsoft")
def qlinear_sigmoid(node: NodeContext) -> Call:
    """1: the only version."""
    return _unary(node, quantized_tables.qlinear_sigmoid)


@lowers("QLinearLeakyRelu", domain="com.microsoft")
def qlinear_leaky_relu(node: NodeContext) -> Call:
    """1: the only version."""
    alpha = node.float("alpha", 0.01)
    return _unary(node, quantized_tables.qlinear_leaky_relu, alpha=alpha)


def _unary(node: NodeContext, kernel: Callable[..., Any], **options: Argument) -> Call:
    x = (node.input(0), scalar_literal(node, 1), _zero_point(node, 2))
    return node.call(
        kernel, *x, scalar_literal(node, 3), _zero_point(node, 4), **options
    )


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


@lowers("QGemm", domain="com.microsoft")
def qgemm(node: NodeContext) -> Call:
    """1: the only version."""
    return node.call(
        quantized.qgemm,
        *(node.input(0), scalar_literal(node, 1), _zero_point(node, 2)),
        *(node.input(3), scalar_literal(node, 4), _zero_point(node, 5)),
        node.optional(6),
        scalar_literal(node, 7),
        scalar_literal(node, 8),
        alpha=node.float("alpha", 1.0),
        trans_a=bool(node.int("transA", 0)),
        trans_b=bool(node.int("transB", 0)),
    )
