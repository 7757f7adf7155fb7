"""Self-attention that includes the projections to queries, keys and values."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from ._rounding import rounded_once
from .attention_multi_head import multi_head_attention


@rounded_once
def self_attention(
    input: Array,
    weights: Array,
    bias: Array | None = None,
    mask_index: Array | None = None,
    past: Array | None = None,
    attention_bias: Array | None = None,
    *,
    num_heads: int,
    qkv_hidden_sizes: tuple[int, ...] | None = None,
    mask_filter_value: float = -10000.0,
    scale: float | None = None,
    unidirectional: bool = False,
) -> tuple[Array, Array]:
    """Self-attention of [B, S, I] with projection weights [I, 2 * H * E + H * F].

    Results are [B, S, H * F], and the keys and values [2, B, H, P + S, E]; if E and F differ,
    only the keys.
    """
    sizes = qkv_hidden_sizes or (weights.shape[1] // 3,) * 3
    rows = jnp.matmul(input, weights)
    rows = rows if bias is None else rows + bias
    q, k, v = jnp.split(rows, (sizes[0], sizes[0] + sizes[1]), axis=2)
    y, k, v = multi_head_attention(
        *(q, k, v, None, mask_index, attention_bias),
        *(None, None) if past is None else past,
        num_heads=num_heads,
        mask_filter_value=mask_filter_value,
        scale=scale,
        unidirectional=unidirectional,
    )
    return y, jnp.stack((k, v)) if k.shape == v.shape else k
