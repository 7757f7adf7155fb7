"""Attention and embedding with 8-bit integer weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._precision import rounded_once
from .attention_multi_head import multi_head_attention
from .matmul_fused import matmul_integer_to_float
from .normalization_skip import embed_layer_normalization
from .quantization import Parameter, dequantize_linear


@rounded_once
def qattention(
    input: NDArray[Any],
    weight: NDArray[Any],
    bias: NDArray[Any],
    input_scale: NDArray[Any],
    weight_scale: NDArray[Any],
    mask_index: NDArray[Any] | None = None,
    input_zero_point: NDArray[Any] | None = None,
    weight_zero_point: NDArray[Any] | None = None,
    past: NDArray[Any] | None = None,
    *,
    num_heads: int,
    mask_filter_value: float = -10000.0,
    scale: float | None = None,
    unidirectional: bool = False,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Self-attention of quantized ``input`` with projection weights.

    Parameters
    ----------
    input : int8[B, S, I] or uint8[B, S, I]
    weight : int8 or uint8, [I, 3 * H * E], for queries, keys and values of H heads
    bias : [3 * H * E]
    input_scale, input_zero_point : one number each
    weight_scale, weight_zero_point : one number, or one for each column
    mask_index : [B, P + S] or [B, S, P + S], positive for keys to keep; [B], numbers of
        keys; [2 * B], ends and starts of keys; [B, 1] or [1, 1] for no mask
    past : [2, B, H, P, E], keys and values to prepend
    mask_filter_value : added to the scores of masked keys
    scale : factor of the scores; 1 / sqrt(E) by default
    unidirectional : whether to mask keys that come after the query

    Returns
    -------
    output : [B, S, H * E]
    present : [2, B, H, P + S, E]

    Raises
    ------
    ValueError
        If the mask has another shape than those above.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.QAttention
    """
    rows = matmul_integer_to_float(
        input,
        weight,
        input_scale.reshape(()),
        weight_scale,
        None if input_zero_point is None else input_zero_point.reshape(()),
        weight_zero_point,
        bias,
    )
    query, key, value = np.split(rows, 3, axis=2)
    queries = input.shape[1]
    keys = queries + (0 if past is None else past.shape[3])
    if mask_index is not None:
        mask_index = _padding_mask(mask_index, len(input), keys)
    later = None
    if unidirectional:  # not mask_filter_value, whatever the mask is
        lowest = np.full((queries, keys), np.finfo(np.float32).min, np.float32)
        later = np.triu(lowest, keys - queries + 1)
    y, key, value = multi_head_attention(
        *(query, key, value, None, mask_index, later),
        *(None, None) if past is None else past,
        num_heads=num_heads,
        mask_filter_value=mask_filter_value,
        scale=scale,
    )
    return y, np.stack((key, value))


def _padding_mask(mask: NDArray[Any], batch: int, keys: int) -> NDArray[Any] | None:
    """Convert a mask to the form that multi_head_attention takes."""
    if mask.ndim == 2 and mask.shape[1] == 1 != keys:
        return None
    if mask.ndim == 1 and len(mask) == 2 * batch:
        place = np.arange(keys)
        return np.asarray((place < mask[:batch, None]) & (place >= mask[batch:, None]))
    return mask


def qembed_layer_normalization(
    input_ids: NDArray[Any],
    segment_ids: NDArray[Any] | None,
    tables: tuple[NDArray[Any] | None, ...],
    mask: NDArray[Any] | None,
    scales: tuple[Parameter | None, ...],
    zero_points: tuple[Parameter | None, ...],
    *,
    epsilon: float = 1e-12,
) -> tuple[NDArray[Any], NDArray[np.int32]]:
    """Return the normalized sum of 8-bit embeddings, and the number of words.

    Parameters
    ----------
    input_ids, segment_ids, mask : int32[B, S]
    tables : embeddings [rows, H] of words, positions and segments; scale [H], bias [H]
    scales, zero_points : one number for each table

    Returns
    -------
    output : float32[B, S, H]
    mask_index : int32[B]
        Number of ones in ``mask``; 0 without a mask.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.QEmbedLayerNormalization
    """
    word, place, segment, gamma, beta = (
        (
            None
            if table is None or scale is None
            else dequantize_linear(table, scale, 0 if zero is None else zero)
        )
        for table, scale, zero in zip(tables, scales, zero_points)
    )
    assert word is not None and place is not None
    assert gamma is not None and beta is not None
    ones = None if mask is None else mask == 1
    y, count, _ = embed_layer_normalization(
        *(input_ids, segment_ids, word, place, segment, gamma, beta, ones),
        epsilon=epsilon,
    )
    return y, count
