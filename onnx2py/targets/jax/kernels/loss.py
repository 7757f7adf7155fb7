"""Classification losses."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from ._precision import widened
from .softmax import log_softmax


def negative_log_likelihood_loss(
    input: Array,
    target: Array,
    weight: Array | None = None,
    *,
    ignore_index: int | None = None,
    reduction: str = "mean",
) -> Array:
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
    """
    counted = jnp.ones(target.shape, bool)
    if ignore_index is not None:
        counted = target != ignore_index
    classes = jnp.where(counted, target, 0)
    log_likelihood = jnp.take_along_axis(widened(input), classes[:, None], 1)[:, 0]
    weights = counted.astype(log_likelihood.dtype)
    if weight is not None:
        weights = weights * widened(weight)[classes]
    loss = -log_likelihood * weights
    if reduction != "none":
        loss = jnp.sum(loss)
    if reduction == "mean":
        loss = loss / jnp.sum(weights)
    return loss.astype(input.dtype)


def softmax_cross_entropy_loss(
    scores: Array,
    labels: Array,
    weights: Array | None = None,
    *,
    ignore_index: int | None = None,
    reduction: str = "mean",
) -> tuple[Array, Array]:
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
    """
    log_prob = log_softmax(scores, axis=1)
    loss = negative_log_likelihood_loss(
        log_prob, labels, weights, ignore_index=ignore_index, reduction=reduction
    )
    return loss, log_prob
