"""Attention with a cache, as defined by onnxruntime's operator for decoders.

B is the batch, S the length of the queries, H the heads of queries, G those of keys and
values, E the size of a head, C the length of a cache.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array

from ._attention import attention_scores, masked_softmax, merge_heads, weighted_values
from ._attention_cache import append_to_cache, append_to_window_cache
from ._attention_heads import attention_mask_of_cache, rotary_positions, split_qkv_heads
from ._attention_quantized_cache import dequantize_cache, quantize_cache
from ._ints import as_int
from ._rounding import rounded_once
from .rotary_embedding import rotary_embedding


@rounded_once
def group_query_attention(
    query: Array,
    key: Array | None,
    value: Array | None,
    past_key: Array | None,
    past_value: Array | None,
    seqlens_k: Array,
    total_sequence_length: Any,
    cos_cache: Array | None = None,
    sin_cache: Array | None = None,
    position_ids: Array | None = None,
    attention_bias: Array | None = None,
    head_sink: Array | None = None,
    k_scale: Array | None = None,
    v_scale: Array | None = None,
    query_seqlens: Array | None = None,
    *,
    num_heads: int,
    kv_num_heads: int,
    rotary_interleaved: bool = False,
    local_window_size: int = -1,
    scale: float | None = None,
    softcap: float = 0.0,
    causal: bool = True,
    sliding_window_cache: bool = False,
    smooth_softmax: bool = False,
    qk_output: int = 0,
) -> tuple[Array, ...]:
    """Grouped-query attention [B, S, H * E]; also returns the updated cache and the scores.

    query is [B, S, H * E], or [B, S, (H + 2 * G) * E] with keys and values, then None; the
    past is [B, G, C, E], the new cache [B, G, max(C, total_sequence_length), E].
    """
    q, k, v = split_qkv_heads(query, key, value, num_heads, kv_num_heads)
    batch, _, steps, _ = q.shape
    total = as_int(total_sequence_length)
    lengths = jnp.asarray(seqlens_k).reshape(batch) + 1
    counts = jnp.minimum(steps, lengths) if query_seqlens is None else query_seqlens
    past = lengths - counts
    if cos_cache is not None and sin_cache is not None:
        rows = rotary_positions(position_ids, past, steps, total, len(cos_cache))
        options: dict[str, Any] = {
            "interleaved": rotary_interleaved,
            "rotary_embedding_dim": 2 * cos_cache.shape[1],
        }
        q = rotary_embedding(q, cos_cache, sin_cache, rows, **options)
        k = rotary_embedding(k, cos_cache, sin_cache, rows, **options)

    new = quantize_cache(k, k_scale, past_key), quantize_cache(v, v_scale, past_value)
    written = jnp.full(batch, steps) if query_seqlens is None else query_seqlens
    first = jnp.zeros_like(past)
    if sliding_window_cache and past_key is not None and past_value is not None:
        window = (past, counts, local_window_size)
        keys, present_key, first = append_to_window_cache(past_key, new[0], *window)
        values, present_value, _ = append_to_window_cache(past_value, new[1], *window)
        if qk_output:  # has as many columns as there are keys
            total = max(as_int((lengths - first).max()), past_key.shape[2])
    else:
        present_key = append_to_cache(past_key, new[0], past, written, total)
        present_value = append_to_cache(past_value, new[1], past, written, total)
        keys, values = present_key[:, :, :total], present_value[:, :, :total]

    scores = attention_scores(q, dequantize_cache(keys, k_scale, k), scale)
    if softcap:
        scores = softcap * jnp.tanh(scores / softcap)
    places = first[:, None] + jnp.arange(keys.shape[2])
    if attention_bias is not None:
        scores = scores + _bias_columns(attention_bias, places, scores.shape)
    seen = attention_mask_of_cache(
        places, past, lengths, steps, causal, local_window_size
    )
    if query_seqlens is not None:
        seen = seen & (jnp.arange(steps)[:, None] < counts[:, None, None, None])
    scores = jnp.where(seen, scores, -jnp.inf)
    sink = head_sink
    if sink is None and smooth_softmax:
        sink = jnp.zeros(num_heads, scores.dtype)
    weights = _with_sink(scores, sink)
    y = merge_heads(weighted_values(weights, dequantize_cache(values, v_scale, v)))
    if not qk_output:
        return y, present_key, present_value
    qk = jnp.where(seen, scores, 0) if qk_output == 1 else weights
    return y, present_key, present_value, qk[..., :total]


def _bias_columns(bias: Array, places: Array, shape: tuple[int, ...]) -> Array:
    """Return the columns of a bias at ``places``: [B, H, S, keys]."""
    inside = jnp.minimum(places, bias.shape[3] - 1)[:, None, None]
    whole = jnp.broadcast_to(bias, (*shape[:3], bias.shape[3]))
    return jnp.take_along_axis(whole, inside, axis=3)


def _with_sink(scores: Array, sink: Array | None) -> Array:
    """Return the softmax along the last axis; the sink takes part as an extra key."""
    if sink is None:
        return masked_softmax(scores, True)
    column = jnp.broadcast_to(sink[:, None, None], (*scores.shape[:3], 1))
    extended = jnp.concatenate((scores, column.astype(scores.dtype)), axis=3)
    return masked_softmax(extended, True)[..., :-1]
