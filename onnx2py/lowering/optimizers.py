"""Optimisers of the training domain."""

from __future__ import annotations

from ..ir.program import Call
from ..kernels import optimizers
from .context import NodeContext
from .registry import lowers

_TRAINING = "ai.onnx.preview.training"


@lowers("Adagrad", domain=_TRAINING)
def adagrad(node: NodeContext) -> Call:
    """1."""
    return node.call(
        optimizers.adagrad,
        *node.inputs,
        norm_coefficient=node.float("norm_coefficient", 0.0),
        decay_factor=node.float("decay_factor", 0.0),
        epsilon=node.float("epsilon", 1e-6),
        results=len(node.node.outputs),
    )


@lowers("Adam", domain=_TRAINING)
def adam(node: NodeContext) -> Call:
    """1."""
    return node.call(
        optimizers.adam,
        *node.inputs,
        alpha=node.float("alpha", 0.9),
        beta=node.float("beta", 0.999),
        epsilon=node.float("epsilon", 1e-6),
        norm_coefficient=node.float("norm_coefficient", 0.0),
        norm_coefficient_post=node.float("norm_coefficient_post", 0.0),
        results=len(node.node.outputs),
    )


@lowers("Momentum", domain=_TRAINING)
def momentum(node: NodeContext) -> Call:
    """1."""
    mode = node.choice("mode", "standard", ("standard", "nesterov"))
    return node.call(
        optimizers.momentum,
        *node.inputs,
        alpha=node.float("alpha"),
        beta=node.float("beta"),
        norm_coefficient=node.float("norm_coefficient"),
        nesterov=mode == "nesterov",
        results=len(node.node.outputs),
    )
