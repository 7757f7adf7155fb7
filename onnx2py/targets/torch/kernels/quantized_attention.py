"""Attention and embedding with 8-bit integer weights."""

from __future__ import annotations

from typing import Union

import torch
from torch import Tensor

from ._rounding import rounded_once
from .attention_multi_head import multi_head_attention
from .matmul_fused import matmul_integer_to_float
from .normalization_skip import embed_layer_normalization
from .quantization import dequantize_linear

Parameter = Union[Tensor, float]


@rounded_once
def qattention(
    input: Tensor,
    weight: Tensor,
    bias: Tensor,
    input_scale: Tensor,
    weight_scale: Tensor,
    mask_index: Tensor | None = None,
    input_zero_point: Tensor | None = None,
    weight_zero_point: Tensor | None = None,
    past: Tensor | None = None,
    *,
    num_heads: int,
    mask_filter_value: float = -10000.0,
    scale: float | None = None,
    unidirectional: bool = False,
) -> tuple[Tensor, Tensor]:
    """Self-attention [B, S, H * E] of quantized ``input`` [B, S, I], and all keys and values."""
    rows = matmul_integer_to_float(
        input,
        weight,
        input_scale.reshape(()),
        weight_scale,
        None if input_zero_point is None else input_zero_point.reshape(()),
        weight_zero_point,
        bias,
    )
    query, key, value = rows.chunk(3, 2)
    queries = input.shape[1]
    keys = queries + (0 if past is None else past.shape[3])
    if mask_index is not None:
        mask_index = _padding_mask(mask_index, len(input), keys)
    later = None
    if unidirectional:  # not mask_filter_value, whatever the mask is
        lowest = rows.new_full((queries, keys), torch.finfo(torch.float32).min)
        later = torch.triu(lowest, keys - queries + 1)
    y, key, value = multi_head_attention(
        *(query, key, value, None, mask_index, later),
        *(None, None) if past is None else past,
        num_heads=num_heads,
        mask_filter_value=mask_filter_value,
        scale=scale,
    )
    return y, torch.stack((key, value))


def _padding_mask(mask: Tensor, batch: int, keys: int) -> Tensor | None:
    """Convert a mask to the form that multi_head_attention takes."""
    if mask.ndim == 2 and mask.shape[1] == 1 != keys:
        return None
    if mask.ndim == 1 and len(mask) == 2 * batch:
        place = torch.arange(keys, device=mask.device)
        return (place < mask[:batch, None]) & (place >= mask[batch:, None])
    return mask


def qembed_layer_normalization(
    input_ids: Tensor,
    segment_ids: Tensor | None,
    tables: tuple[Tensor | None, ...],
    mask: Tensor | None,
    scales: tuple[Parameter | None, ...],
    zero_points: tuple[Parameter | None, ...],
    *,
    epsilon: float = 1e-12,
) -> tuple[Tensor, Tensor]:
    """Return the normalized sum of 8-bit embeddings, and the number of words.

    Tables are of words, positions and segments, then the scale and the bias.
    """
    word, place, segment, gamma, beta = (
        (
            None
            if table is None or scale is None
            else dequantize_linear(table, scale, 0 if zero is None else zero)
        )
        for table, scale, zero in zip(tables, scales, zero_points)
    )
    y, count, _ = embed_layer_normalization(
        *(input_ids, segment_ids, word, place, segment, gamma, beta, mask),
        epsilon=epsilon,
    )
    return y, count
