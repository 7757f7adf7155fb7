"""Block-sparse attention with a cache."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array

from ._attention import attention_scores, masked_softmax, merge_heads, weighted_values
from ._attention_cache import write_steps
from ._attention_heads import attention_mask_of_cache, rotary_positions, split_qkv_heads
from ._ints import as_int
from .rotary_embedding import rotary_embedding


def sparse_attention(
    query: Array,
    key: Array | None,
    value: Array | None,
    past_key: Array,
    past_value: Array,
    block_row_indices: Array,
    block_col_indices: Array,
    total_sequence_length: Any,
    key_total_sequence_lengths: Array,
    cos_cache: Array | None = None,
    sin_cache: Array | None = None,
    *,
    num_heads: int,
    kv_num_heads: int,
    sparse_block_size: int,
    rotary_interleaved: bool = False,
    scale: float | None = None,
) -> tuple[Array, Array, Array]:
    """Block-sparse attention [B, S, H * E]; also returns the updated cache [B, G, C, E].

    The visible blocks of keys of each block of queries are given in CSR format for each of L
    patterns; heads use the patterns in turn.
    """
    q, k, v = split_qkv_heads(query, key, value, num_heads, kv_num_heads)
    batch, _, steps, _ = q.shape
    total = as_int(total_sequence_length)
    lengths = jnp.asarray(key_total_sequence_lengths).reshape(batch)
    past = jnp.maximum(lengths - steps, 0)
    if cos_cache is not None and sin_cache is not None:
        rows = rotary_positions(None, past, steps, total, len(cos_cache))
        options: dict[str, Any] = {
            "interleaved": rotary_interleaved,
            "rotary_embedding_dim": 2 * cos_cache.shape[1],
        }
        q = rotary_embedding(q, cos_cache, sin_cache, rows, **options)
        k = rotary_embedding(k, cos_cache, sin_cache, rows, **options)
    counts = jnp.full(batch, steps)
    present_key = write_steps(jnp.asarray(past_key), k, past, counts)
    present_value = write_steps(jnp.asarray(past_value), v, past, counts)

    key_place = jnp.arange(total)
    places = jnp.broadcast_to(key_place, (batch, total))
    seen = attention_mask_of_cache(places, past, lengths, steps, True, -1)
    blocks = _block_mask(block_row_indices, block_col_indices)
    own = jnp.minimum(past[:, None] + jnp.arange(steps), total - 1) // sparse_block_size
    of_head = blocks[jnp.arange(num_heads) % len(blocks)][:, own]
    of_head = of_head[..., key_place // sparse_block_size].swapaxes(0, 1)
    scores = attention_scores(q, present_key[:, :, :total], scale)
    scores = jnp.where(seen & of_head, scores, -jnp.inf)
    y = weighted_values(masked_softmax(scores, True), present_value[:, :, :total])
    return merge_heads(y.astype(query.dtype)), present_key, present_value


def _block_mask(rows: Array, columns: Array) -> Array:
    """Return which blocks of keys each block of queries sees: bool[L, blocks, blocks]."""
    place = jnp.arange(columns.shape[1])
    starts, ends = rows[:, :-1, None], rows[:, 1:, None]
    own = (place >= starts) & (place < ends)  # [L, blocks of queries, numbers]
    block = jnp.arange(rows.shape[1] - 1)
    return (own[..., None] & (columns[:, None, :, None] == block)).any(2)
