"""Block-sparse attention with a cache."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ._attention import attention_scores, masked_softmax, merge_heads, weighted_values
from ._attention_heads import attention_mask_of_cache, rotary_positions, split_qkv_heads
from ._ints import as_int
from .rotary_embedding import rotary_embedding


def sparse_attention(
    query: Tensor,
    key: Tensor | None,
    value: Tensor | None,
    past_key: Tensor,
    past_value: Tensor,
    block_row_indices: Tensor,
    block_col_indices: Tensor,
    total_sequence_length: Any,
    key_total_sequence_lengths: Tensor,
    cos_cache: Tensor | None = None,
    sin_cache: Tensor | None = None,
    *,
    num_heads: int,
    kv_num_heads: int,
    sparse_block_size: int,
    rotary_interleaved: bool = False,
    scale: float | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Block-sparse attention [B, S, H * E]; also returns the updated cache [B, G, C, E].

    The visible blocks of keys of each block of queries are given in CSR format for each of L
    patterns; heads use the patterns in turn.
    """
    q, k, v = split_qkv_heads(query, key, value, num_heads, kv_num_heads)
    batch, _, steps, _ = q.shape
    total = as_int(total_sequence_length)
    lengths = key_total_sequence_lengths.reshape(batch).long()
    past = (lengths - steps).clamp(min=0)
    if cos_cache is not None and sin_cache is not None:
        rows = rotary_positions(None, past, steps, total, len(cos_cache))
        options: dict[str, Any] = {
            "interleaved": rotary_interleaved,
            "rotary_embedding_dim": 2 * cos_cache.shape[1],
        }
        q = rotary_embedding(q, cos_cache, sin_cache, rows, **options)
        k = rotary_embedding(k, cos_cache, sin_cache, rows, **options)
    step = torch.arange(steps, device=q.device)
    place = (past[:, None] + step)[:, None, :, None].expand(k.shape)
    present_key = past_key.scatter(2, place, k)
    present_value = past_value.scatter(2, place, v)

    key_place = torch.arange(total, device=q.device)
    places = key_place.expand(batch, total)
    seen = attention_mask_of_cache(places, past, lengths, steps, True, -1)
    blocks = _block_mask(block_row_indices, block_col_indices)
    own = (past[:, None] + step).clamp(max=total - 1) // sparse_block_size
    pattern = torch.arange(num_heads, device=q.device) % len(blocks)
    of_head = blocks[pattern][:, own][..., key_place // sparse_block_size]
    scores = attention_scores(q, present_key[:, :, :total], scale)
    scores = torch.where(seen & of_head.transpose(0, 1), scores, -torch.inf)
    y = weighted_values(masked_softmax(scores, True), present_value[:, :, :total])
    return merge_heads(y.to(query.dtype)), present_key, present_value


def _block_mask(rows: Tensor, columns: Tensor) -> Tensor:
    """Return which blocks of keys each block of queries sees: bool[L, blocks, blocks]."""
    place = torch.arange(columns.shape[1], device=rows.device)
    starts, ends = rows[:, :-1, None], rows[:, 1:, None]
    own = (place >= starts) & (place < ends)  # [L, blocks of queries, numbers]
    block = torch.arange(rows.shape[1] - 1, device=rows.device)
    return (own[..., None] & (columns[:, None, :, None] == block)).any(2)
