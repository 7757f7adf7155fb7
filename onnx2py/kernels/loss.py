"""Losses of classification."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from ._precision import widened
from .softmax import log_softmax


def negative_log_likelihood_loss(
    input: NDArray[Any],
    target: NDArray[Any],
    weight: Optional[NDArray[Any]] = None,
    *,
    ignore_index: Optional[int] = None,
    reduction: str = "mean",
) -> NDArray[Any]:
    """Return less the logarithm of the probability of the right class, by sample.

    Parameters
    ----------
    input : [N, C, D...], logarithms of probabilities
    target : [N, D...], the right classes
    weight : [C], of each class; 1 by default
    ignore_index : a target that has no loss and no weight
    reduction : "none", "sum", or "mean": the sum divided by that of the weights

    Returns
    -------
    loss : [N, D...], or a scalar

    ONNX: https://onnx.ai/onnx/operators/onnx__NegativeLogLikelihoodLoss.html
    """
    counted = np.ones(target.shape, np.bool_)
    if ignore_index is not None:
        counted = target != ignore_index
    classes = np.where(counted, target, 0)
    log_likelihood = widened(np.take_along_axis(input, classes[:, None], axis=1)[:, 0])
    weights = counted.astype(log_likelihood.dtype)
    if weight is not None:
        weights *= weight[classes]
    loss = np.asarray(-log_likelihood * weights)
    if reduction != "none":
        loss = np.asarray(np.sum(loss))
    if reduction == "mean":
        loss = np.asarray(loss / np.sum(weights))
    return loss.astype(input.dtype, copy=False)


def softmax_cross_entropy_loss(
    scores: NDArray[Any],
    labels: NDArray[Any],
    weights: Optional[NDArray[Any]] = None,
    *,
    ignore_index: Optional[int] = None,
    reduction: str = "mean",
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the loss of the softmax of ``scores``, and the softmax's logarithm.

    Parameters
    ----------
    scores : [N, C, D...]
    labels : [N, D...], the right classes
    weights, ignore_index, reduction : as of negative_log_likelihood_loss

    Returns
    -------
    output : [N, D...], or a scalar
    log_prob : [N, C, D...]

    ONNX: https://onnx.ai/onnx/operators/onnx__SoftmaxCrossEntropyLoss.html
    """
    log_prob = log_softmax(scores, axis=1)
    loss = negative_log_likelihood_loss(
        log_prob, labels, weights, ignore_index=ignore_index, reduction=reduction
    )
    return loss, log_prob
