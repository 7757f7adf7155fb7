"""Activation functions."""

from __future__ import annotations

from ..ir.program import Call
from ..kernels import activation
from .context import NodeContext
from .registry import lowers


@lowers("Relu")
def relu(node: NodeContext) -> Call:
    """1, 6, 13, 14: only types were added."""
    node.ignore("consumed_inputs")  # a memory hint of opset 1
    return node.call(activation.relu, node.input(0))


@lowers("LeakyRelu")
def leaky_relu(node: NodeContext) -> Call:
    """1, 6, 16: only types were added."""
    node.ignore("consumed_inputs")
    return node.call(
        activation.leaky_relu, node.input(0), alpha=node.float("alpha", 0.01)
    )
