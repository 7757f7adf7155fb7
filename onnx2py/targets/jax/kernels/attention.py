"""Scaled dot-product attention.

B is the batch, S the length of the queries, T that of all keys, H the heads of queries
and G those of keys and values: each serves H / G consecutive heads of queries. E and F are
the sizes of a head of keys and of a head of values.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array

from ._attention import (
    apply_mask,
    attention_mask,
    attention_scores,
    masked_softmax,
    merge_heads,
    split_heads,
    weighted_values,
)


def attention(
    q: Array,
    k: Array,
    v: Array,
    attn_mask: Array | None = None,
    past_key: Array | None = None,
    past_value: Array | None = None,
    nonpad_kv_seqlen: Array | None = None,
    *,
    q_num_heads: int = 0,
    kv_num_heads: int = 0,
    is_causal: bool = False,
    left_window_size: int = -1,
    right_window_size: int = -1,
    scale: float | None = None,
    softcap: float = 0.0,
    softmax_precision: Any = None,
) -> Array:
    """Scaled dot-product attention: ``softmax(scale * q @ k.T + mask) @ v`` by head.

    q is [B, H, S, E] or [B, S, H * E], and so is the result.
    """
    return attention_with_cache(
        q,
        k,
        v,
        attn_mask,
        past_key,
        past_value,
        nonpad_kv_seqlen,
        q_num_heads=q_num_heads,
        kv_num_heads=kv_num_heads,
        is_causal=is_causal,
        left_window_size=left_window_size,
        right_window_size=right_window_size,
        scale=scale,
        softcap=softcap,
        softmax_precision=softmax_precision,
    )[0]


def attention_with_cache(
    q: Array,
    k: Array,
    v: Array,
    attn_mask: Array | None = None,
    past_key: Array | None = None,
    past_value: Array | None = None,
    nonpad_kv_seqlen: Array | None = None,
    *,
    q_num_heads: int = 0,
    kv_num_heads: int = 0,
    is_causal: bool = False,
    left_window_size: int = -1,
    right_window_size: int = -1,
    scale: float | None = None,
    softcap: float = 0.0,
    softmax_precision: Any = None,
    qk_matmul_output_mode: int = -1,
) -> tuple[Array, ...]:
    """Scaled dot-product attention; also returns all keys, all values and the scores.

    The scores are those of ``qk_matmul_output_mode``: 0 the product of queries and keys, 1
    with softcap, 2 with softcap and mask, 3 the softmax; -1 for none.
    """
    packed = q.ndim == 3
    if packed:
        q = split_heads(q, q_num_heads)
        k, v = split_heads(k, kv_num_heads), split_heads(v, kv_num_heads)
    if past_key is not None and past_value is not None:
        k = jnp.concatenate((past_key, k), axis=2)
        v = jnp.concatenate((past_value, v), axis=2)
    allowed = attention_mask(
        (q.shape[2], k.shape[2]),
        0 if past_key is None else past_key.shape[2],
        nonpad_kv_seqlen,
        is_causal=is_causal,
        left=left_window_size,
        right=right_window_size,
    )

    scores = attention_scores(q, k, scale)
    stages = [scores]
    if softcap:
        scores = softcap * jnp.tanh(scores / softcap)
    stages.append(scores)
    scores = apply_mask(scores, attn_mask, allowed)
    stages.append(scores)
    if softmax_precision is not None:
        scores = scores.astype(softmax_precision)
    guarded = attn_mask is not None or allowed is not None
    weights = masked_softmax(scores, guarded).astype(stages[0].dtype)
    stages.append(weights)

    y = weighted_values(weights, v).astype(q.dtype)
    y = merge_heads(y) if packed else y
    if qk_matmul_output_mode < 0:
        return y, k, v
    return y, k, v, stages[qk_matmul_output_mode].astype(q.dtype)
