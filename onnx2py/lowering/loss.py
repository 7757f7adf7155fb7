"""Losses."""

from __future__ import annotations

from ..ir.program import Call
from ..kernels import loss
from .context import NodeContext
from .registry import lowers

_REDUCTIONS = ("none", "sum", "mean")


@lowers("NegativeLogLikelihoodLoss", since=12)
def negative_log_likelihood_loss(node: NodeContext) -> Call:
    """12, 13, 22: only types were added."""
    return node.call(
        loss.negative_log_likelihood_loss,
        node.input(0),
        node.input(1),
        node.optional(2),
        ignore_index=node.int("ignore_index", None),
        reduction=node.choice("reduction", "mean", _REDUCTIONS),
    )


@lowers("SoftmaxCrossEntropyLoss", since=12)
def softmax_cross_entropy_loss(node: NodeContext) -> Call:
    """12, 13: only types were added."""
    return node.call(
        loss.softmax_cross_entropy_loss,
        node.input(0),
        node.input(1),
        node.optional(2),
        ignore_index=node.int("ignore_index", None),
        reduction=node.choice("reduction", "mean", _REDUCTIONS),
        results=2,
    )
