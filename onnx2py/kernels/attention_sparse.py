"""Block-sparse attention with a cache."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._attention import masked_softmax, merge_heads
from ._attention_heads import attention_mask_of_cache, rotary_positions, split_qkv_heads
from .attention import attention_scores, weighted_values
from .rotary_embedding import rotary_embedding


def sparse_attention(
    query: NDArray[Any],
    key: NDArray[Any] | None,
    value: NDArray[Any] | None,
    past_key: NDArray[Any],
    past_value: NDArray[Any],
    block_row_indices: NDArray[Any],
    block_col_indices: NDArray[Any],
    total_sequence_length: Any,
    key_total_sequence_lengths: NDArray[Any],
    cos_cache: NDArray[Any] | None = None,
    sin_cache: NDArray[Any] | None = None,
    *,
    num_heads: int,
    kv_num_heads: int,
    sparse_block_size: int,
    rotary_interleaved: bool = False,
    scale: float | None = None,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Block-sparse attention; also returns the updated cache.

    B is the batch, S the length of the queries, H the heads of queries, G those of keys
    and values, E the size of a head, C the length of the cache.

    Parameters
    ----------
    query : [B, S, H * E], or [B, S, (H + 2 * G) * E] with keys and values, then None
    key, value : [B, S, G * E]
    past_key, past_value : [B, G, C, E]
    block_row_indices, block_col_indices : int32[L, blocks + 1] and [L, max nonzeros], the
        visible blocks of keys of each block of queries in CSR format, for each of L
        patterns; heads use the patterns in turn
    total_sequence_length : the maximum length of a sequence
    key_total_sequence_lengths : int32[B], the total number of keys of each sequence
    cos_cache, sin_cache : [positions, R / 2], to rotate queries and keys; None not to
    sparse_block_size : number of steps of a block
    rotary_interleaved : whether rotated pairs are adjacent rather than R / 2 apart
    scale : factor of the scores; 1 / sqrt(E) by default

    Returns
    -------
    output : [B, S, H * E]
    present_key, present_value : [B, G, C, E]

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.SparseAttention
    """
    q, k, v = split_qkv_heads(query, key, value, num_heads, kv_num_heads)
    batch, _, steps, _ = q.shape
    total = int(np.reshape(total_sequence_length, ()))
    lengths = key_total_sequence_lengths.reshape(batch).astype(np.int64)
    past = np.maximum(lengths - steps, 0)
    if cos_cache is not None and sin_cache is not None:
        rows = rotary_positions(None, past, steps, total, len(cos_cache))
        options: dict[str, Any] = {
            "interleaved": rotary_interleaved,
            "rotary_embedding_dim": 2 * cos_cache.shape[1],
        }
        q = rotary_embedding(q, cos_cache, sin_cache, rows, **options)
        k = rotary_embedding(k, cos_cache, sin_cache, rows, **options)
    present_key, present_value = past_key.copy(), past_value.copy()
    for index, start in enumerate(past.tolist()):
        present_key[index, :, start : start + steps] = k[index]
        present_value[index, :, start : start + steps] = v[index]

    places = np.broadcast_to(np.arange(total), (batch, total))
    seen = attention_mask_of_cache(places, past, lengths, steps, True, -1)
    blocks = _block_mask(block_row_indices, block_col_indices)
    own = np.minimum(past[:, None] + np.arange(steps), total - 1) // sparse_block_size
    of_head = blocks[np.arange(num_heads) % len(blocks)][:, own]
    seen = seen & of_head[..., np.arange(total) // sparse_block_size].swapaxes(0, 1)
    scores = attention_scores(q, present_key[:, :, :total], scale)
    scores = np.where(seen, scores, scores.dtype.type(-np.inf))
    y = weighted_values(masked_softmax(scores, True), present_value[:, :, :total])
    y = merge_heads(y.astype(query.dtype, copy=False))
    return y, present_key, present_value


def _block_mask(rows: NDArray[Any], columns: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which blocks of keys each block of queries sees: bool[L, blocks, blocks]."""
    blocks = rows.shape[1] - 1
    y = np.zeros((len(rows), blocks, blocks), np.bool_)
    for pattern, (starts, numbers) in enumerate(zip(rows.tolist(), columns.tolist())):
        for block in range(blocks):
            y[pattern, block, numbers[starts[block] : starts[block + 1]]] = True
    return y
