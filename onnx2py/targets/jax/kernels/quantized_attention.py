"""Attention and embedding with 8-bit integer weights."""

from __future__ import annotations

from typing import Any, Union

import jax.numpy as jnp
import numpy as np
from jax import Array

from ._rounding import rounded_once
from .attention_multi_head import multi_head_attention
from .matmul_fused import matmul_integer_to_float
from .normalization_skip import embed_layer_normalization
from .quantization import dequantize_linear

Parameter = Union[Array, float]


@rounded_once
def qattention(
    input: Array,
    weight: Array,
    bias: Array,
    input_scale: Array,
    weight_scale: Array,
    mask_index: Array | None = None,
    input_zero_point: Array | None = None,
    weight_zero_point: Array | None = None,
    past: Array | None = None,
    *,
    num_heads: int,
    mask_filter_value: float = -10000.0,
    scale: float | None = None,
    unidirectional: bool = False,
) -> tuple[Array, Array]:
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
    query, key, value = jnp.split(rows, 3, axis=2)
    queries = input.shape[1]
    keys = queries + (0 if past is None else past.shape[3])
    if mask_index is not None:
        mask_index = _padding_mask(mask_index, len(input), keys)
    later = None
    if unidirectional:  # not mask_filter_value, whatever the mask is
        lowest = jnp.full((queries, keys), np.finfo(np.float32).min)
        later = jnp.triu(lowest, keys - queries + 1)
    y, key, value = multi_head_attention(
        *(query, key, value, None, mask_index, later),
        *(None, None) if past is None else past,
        num_heads=num_heads,
        mask_filter_value=mask_filter_value,
        scale=scale,
    )
    return y, jnp.stack((key, value))


def _padding_mask(mask: Array, batch: int, keys: int) -> Array | None:
    """Convert a mask to the form that multi_head_attention takes."""
    if mask.ndim == 2 and mask.shape[1] == 1 != keys:
        return None
    if mask.ndim == 1 and len(mask) == 2 * batch:
        place = jnp.arange(keys)
        return (place < mask[:batch, None]) & (place >= mask[batch:, None])
    return mask


def qembed_layer_normalization(
    input_ids: Array,
    segment_ids: Array | None,
    tables: tuple[Array | None, ...],
    mask: Array | None,
    scales: tuple[Parameter | None, ...],
    zero_points: tuple[Parameter | None, ...],
    *,
    epsilon: float = 1e-12,
) -> tuple[Array, Array]:
    """Return the normalized sum of 8-bit embeddings, and the number of words.

    Tables are of words, positions and segments, then the scale and the bias.
    """
    word, place, *others = (
        _dequantized(*each) for each in zip(tables, scales, zero_points)
    )
    ones = None if mask is None else mask == 1
    y, count, _ = embed_layer_normalization(
        *(input_ids, segment_ids, word, place, *others, ones), epsilon=epsilon
    )
    return y, count


def _dequantized(
    table: Array | None, scale: Parameter | None, zero: Parameter | None
) -> Any:
    if table is None or scale is None:
        return None
    return dequantize_linear(table, scale, 0 if zero is None else zero)
