"""Normalization of sums, as defined by onnxruntime's own operators."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._precision import rounded_once, widened
from .normalization import (
    layer_normalization,
    layer_normalization_with_statistics,
    rms_normalization,
)


def skip_layer_normalization(
    input: NDArray[Any],
    skip: NDArray[Any],
    gamma: NDArray[Any],
    beta: NDArray[Any] | None = None,
    bias: NDArray[Any] | None = None,
    *,
    epsilon: float = 1e-12,
) -> NDArray[Any]:
    """Return the layer normalization of ``input + skip + bias``.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.SkipLayerNormalization
    """
    y = layer_normalization(skip_sum(input, skip, bias), gamma, beta, epsilon=epsilon)
    return y.astype(input.dtype, copy=False)


def skip_layer_normalization_with_sum(
    input: NDArray[Any],
    skip: NDArray[Any],
    gamma: NDArray[Any],
    beta: NDArray[Any] | None = None,
    bias: NDArray[Any] | None = None,
    *,
    epsilon: float = 1e-12,
) -> tuple[NDArray[Any], ...]:
    """Return the normalized sum, its means and inverse deviations, and the sum itself.

    The statistics are float32. The sum is normalized before it is rounded.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.SkipLayerNormalization
    """
    total = skip_sum(input, skip, bias)
    y, *statistics = layer_normalization_with_statistics(
        total, gamma, beta, epsilon=epsilon
    )
    kind = input.dtype
    return y.astype(kind, copy=False), *statistics, total.astype(kind, copy=False)


def rms_normalization_with_statistics(
    x: NDArray[Any],
    scale: NDArray[Any],
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """RMS normalization; also returns the inverse root mean square, as float32.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.SimplifiedLayerNormalization
    """
    axes = tuple(range(axis % x.ndim, x.ndim))
    square = np.mean(np.square(widened(x)), axes, keepdims=True)
    inverse = 1 / np.sqrt(square + square.dtype.type(epsilon))
    y = rms_normalization(x, scale, axis=axis, epsilon=epsilon)
    return y, np.asarray(inverse, np.float32)


def skip_rms_normalization(
    input: NDArray[Any],
    skip: NDArray[Any],
    gamma: NDArray[Any],
    bias: NDArray[Any] | None = None,
    *,
    epsilon: float = 1e-12,
) -> tuple[NDArray[Any], ...]:
    """Return the RMS normalization of ``input + skip + bias``, and that sum.

    The two results between them are 0, for the means, and the inverse root mean square.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.SkipSimplifiedLayerNormalization
    """
    total = skip_sum(input, skip, bias)
    y, inverse = rms_normalization_with_statistics(
        total, widened(gamma), epsilon=epsilon
    )
    kind = input.dtype
    sums = total.astype(kind, copy=False)
    return y.astype(kind, copy=False), np.zeros_like(inverse), inverse, sums


@rounded_once
def embed_layer_normalization(
    input_ids: NDArray[Any],
    segment_ids: NDArray[Any] | None,
    word_embedding: NDArray[Any],
    position_embedding: NDArray[Any],
    segment_embedding: NDArray[Any] | None,
    gamma: NDArray[Any],
    beta: NDArray[Any],
    mask: NDArray[Any] | None = None,
    position_ids: NDArray[Any] | None = None,
    *,
    epsilon: float = 1e-12,
) -> tuple[NDArray[Any], NDArray[np.int32], NDArray[Any]]:
    """Return the normalized sum of embeddings, the number of words, and the sum.

    Parameters
    ----------
    input_ids, segment_ids, mask, position_ids : [B, S]
    word_embedding, position_embedding, segment_embedding : [rows, H]
    gamma, beta : [H]

    Returns
    -------
    output, embedding_sum : [B, S, H]
    mask_index : [B], the number of ones in the mask; 0 without a mask

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.EmbedLayerNormalization
    """
    if position_ids is None:
        position_ids = np.arange(input_ids.shape[1])[None]
    total = word_embedding[input_ids] + position_embedding[position_ids]
    if segment_embedding is not None and segment_ids is not None:
        total = total + segment_embedding[segment_ids]
    count = np.zeros(len(input_ids), np.int32)
    if mask is not None:
        count = np.sum(mask == 1, axis=1).astype(np.int32)
    y = layer_normalization(total, gamma, beta, epsilon=epsilon)
    return y, count, np.asarray(total)


def skip_sum(
    input: NDArray[Any], skip: NDArray[Any], bias: NDArray[Any] | None
) -> NDArray[Any]:
    """Return ``input + skip + bias``; small floats are not rounded yet."""
    total = widened(input) + skip
    if bias is not None:
        total += bias
    return np.asarray(total)
