"""Classification losses."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from ._rounding import rounded_once
from .softmax import log_softmax


@rounded_once
def negative_log_likelihood_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return the negative log-probability [N, D...] of the target classes, or its sum or mean."""
    ignored = -100 if ignore_index is None else ignore_index
    return F.nll_loss(
        input, target.long(), weight, ignore_index=ignored, reduction=reduction
    )


def softmax_cross_entropy_loss(
    scores: Tensor,
    labels: Tensor,
    weights: Tensor | None = None,
    *,
    ignore_index: int | None = None,
    reduction: str = "mean",
) -> tuple[Tensor, Tensor]:
    """Return the cross-entropy loss of ``softmax(scores)``, and its logarithm."""
    log_prob = log_softmax(scores, axis=1)
    loss = negative_log_likelihood_loss(
        log_prob, labels, weights, ignore_index=ignore_index, reduction=reduction
    )
    return loss, log_prob
