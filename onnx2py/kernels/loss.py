"""Classification losses."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._precision import widened
from .softmax import log_softmax


def negative_log_likelihood_loss(
    input: NDArray[Any],
    target: NDArray[Any],
    weight: NDArray[Any] | None = None,
    *,
    ignore_index: int | None = None,
    reduction: str = "mean",
) -> NDArray[Any]:
    """Return the negative log-probability of the target class of each sample.

    Parameters
    ----------
    input : float[N, C, D...], logarithms of probabilities
    target : int[N, D...], class indices
    weight : float[C], one per class; 1 by default
    ignore_index : a target without loss and weight
    reduction : "none", "sum", or "mean": the sum divided by the sum of the weights

    Returns
    -------
    loss : float[N, D...], or a scalar

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
    weights: NDArray[Any] | None = None,
    *,
    ignore_index: int | None = None,
    reduction: str = "mean",
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the cross-entropy loss of ``softmax(scores)``, and its logarithm.

    Parameters
    ----------
    scores : float[N, C, D...]
    labels : int[N, D...], class indices
    weights : float[C], one per class; 1 by default
    ignore_index : a label without loss and weight
    reduction : "none", "sum", or "mean": the sum divided by the sum of the weights

    Returns
    -------
    output : float[N, D...], or a scalar
    log_prob : float[N, C, D...]

    ONNX: https://onnx.ai/onnx/operators/onnx__SoftmaxCrossEntropyLoss.html
    """
    log_prob = log_softmax(scores, axis=1)
    loss = negative_log_likelihood_loss(
        log_prob, labels, weights, ignore_index=ignore_index, reduction=reduction
    )
    return loss, log_prob
