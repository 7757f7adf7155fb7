"""Transforms of the raw scores of classifiers and regressors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def transform_scores(
    scores: NDArray[np.float32], post_transform: str
) -> NDArray[np.float32]:
    """Apply ``post_transform`` to the scores [N, C]; softmax goes along C."""
    if post_transform == "LOGISTIC":
        return _logistic(scores)
    if post_transform == "SOFTMAX":
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return np.asarray(scores / scores.sum(axis=-1, keepdims=True))
    if post_transform == "SOFTMAX_ZERO":
        return _softmax_zero(scores)
    if post_transform == "PROBIT":
        return _probit(scores)
    return scores


def as_rows(x: NDArray[Any], dtype: Any = np.float32) -> NDArray[Any]:
    """Return the rows [N, F] of ``x`` as ``dtype``; a vector is one row."""
    x = x.astype(dtype, copy=False)
    return x.reshape(1, -1) if x.ndim < 2 else x


def pick_labels(
    labels: Sequence[int] | Sequence[str] | NDArray[Any], index: NDArray[Any]
) -> NDArray[Any]:
    """Return ``labels[index]``: int64, or strings as an object array."""
    table = np.asarray(labels)
    table = table.astype(object if table.dtype.kind in "UO" else np.int64)
    return np.asarray(table[index])


def _logistic(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    positive = 1 / (1 + np.exp(-np.abs(scores)))  # never overflows
    return np.asarray(np.where(scores < 0, 1 - positive, positive))


def _softmax_zero(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Softmax over the scores that are not zero; zeros stay zero."""
    top = scores.max(axis=-1, keepdims=True)
    zero = np.abs(scores) <= 1e-7
    powers = np.exp(scores - top)
    total = np.where(zero, 0, powers).sum(axis=-1, keepdims=True, dtype=scores.dtype)
    return np.asarray(np.where(zero, scores * np.exp(-top), powers) / total)


def _probit(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Approximate the normal quantiles, with onnxruntime's constants.

    Near a half the formula cancels: in float32 it would be off by up to 0.001.
    """
    x = 2 * scores.astype(np.float64) - 1
    log = np.log((1 - x) * (1 + x))
    half = 2 / (3.14159 * 0.147) + 0.5 * log
    root = np.sqrt(np.sqrt(half * half - log * (1 / 0.147)) - half)
    y = np.where(x < 0, -root, root) * np.sqrt(2)
    return np.asarray(y.astype(np.float32))
