"""Causal attention with a cache, as onnxruntime's own operator has it."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from ._attention import merged_heads, split_heads
from .attention import attention
from .rotary import rotary_embedding


def group_query_attention(
    query: NDArray[Any],
    key: Optional[NDArray[Any]],
    value: Optional[NDArray[Any]],
    past_key: Optional[NDArray[Any]],
    past_value: Optional[NDArray[Any]],
    seqlens_k: NDArray[Any],
    total_sequence_length: Any,
    cos_cache: Optional[NDArray[Any]] = None,
    sin_cache: Optional[NDArray[Any]] = None,
    position_ids: Optional[NDArray[Any]] = None,
    attention_bias: Optional[NDArray[Any]] = None,
    *,
    num_heads: int,
    kv_num_heads: int,
    rotary_interleaved: bool = False,
    local_window_size: int = -1,
    scale: Optional[float] = None,
    softcap: float = 0.0,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return what each query attends to, and the cache with the new keys and values.

    B is the batch, S the length of the queries, T that of all keys, H the heads of
    queries, G those of keys and values, E the size of one.

    Parameters
    ----------
    query : [B, S, H * E], or [B, S, (H + 2 * G) * E] with keys and values, then None
    key, value : [B, S, G * E]
    past_key, past_value : [B, G, P, E]
    seqlens_k : [B], how many keys each sequence has in all, less 1
    total_sequence_length : T, at least all of these numbers
    cos_cache, sin_cache : [positions, R / 2] to rotate queries and keys; None not to
    position_ids : [B, S], by default those after the past
    attention_bias : what broadcasts to [B, H, S, T], to add to the likeness
    rotary_interleaved, scale, softcap : as of rotary_embedding and attention
    local_window_size : how many keys a query sees, its own included; -1 for all

    Returns
    -------
    output : [B, S, H * E]
    present_key, present_value : [B, G, max(P, T), E]

    ONNX: https://onnx.ai/onnx/operators/onnx__Attention.html
    """
    if key is None or value is None:
        size = query.shape[2] // (num_heads + 2 * kv_num_heads)
        ends = [num_heads * size, (num_heads + kv_num_heads) * size]
        query, key, value = np.split(query, ends, axis=2)
    q = split_heads(query, num_heads)
    k, v = split_heads(key, kv_num_heads), split_heads(value, kv_num_heads)
    steps, total = q.shape[2], int(total_sequence_length)
    count = seqlens_k.reshape(-1).astype(np.int64) + 1
    past = np.zeros_like(count) if steps == total else count - steps
    if cos_cache is not None and sin_cache is not None:
        if position_ids is None:
            position_ids = past[:, None] + np.arange(steps)
        options: dict[str, Any] = {
            "interleaved": rotary_interleaved,
            "rotary_embedding_dim": 2 * cos_cache.shape[1],
        }
        q = rotary_embedding(q, cos_cache, sin_cache, position_ids, **options)
        k = rotary_embedding(k, cos_cache, sin_cache, position_ids, **options)
    k, v = _appended(past_key, k, past, total), _appended(past_value, v, past, total)
    y = attention(
        q,
        k[:, :, :total],
        v[:, :, :total],
        attention_bias,
        nonpad_kv_seqlen=past + steps,
        is_causal=True,
        left_window_size=local_window_size - 1 if local_window_size > 0 else -1,
        scale=scale,
        softcap=softcap,
    )
    return merged_heads(y), k, v


def _appended(
    cache: Optional[NDArray[Any]],
    new: NDArray[Any],
    past: NDArray[np.int64],
    total: int,
) -> NDArray[Any]:
    """Return a cache with new steps after ``past`` ones, another number by sequence."""
    b, groups, steps, size = new.shape
    length = max(total, 0 if cache is None else cache.shape[2])
    y = np.zeros((b, groups, length, size), new.dtype)
    for index, start in enumerate(past.tolist()):
        if cache is not None:
            y[index, :, :start] = cache[index, :, :start]
        y[index, :, start : start + steps] = new[index]
    return y
