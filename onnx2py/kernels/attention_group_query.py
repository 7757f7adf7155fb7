"""Attention with a cache, as defined by onnxruntime's operator for decoders.

B is the batch, S the length of the queries, H the heads of queries, G those of keys and
values, E the size of a head, C the length of a cache.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._attention import masked_softmax, merge_heads
from ._attention_cache import append_to_cache, append_to_window_cache
from ._attention_heads import attention_mask_of_cache, rotary_positions, split_qkv_heads
from ._attention_quantized_cache import dequantize_cache, quantize_cache
from ._precision import rounded_once
from .attention import attention_scores, weighted_values
from .rotary_embedding import rotary_embedding


@rounded_once
def group_query_attention(
    query: NDArray[Any],
    key: NDArray[Any] | None,
    value: NDArray[Any] | None,
    past_key: NDArray[Any] | None,
    past_value: NDArray[Any] | None,
    seqlens_k: NDArray[Any],
    total_sequence_length: Any,
    cos_cache: NDArray[Any] | None = None,
    sin_cache: NDArray[Any] | None = None,
    position_ids: NDArray[Any] | None = None,
    attention_bias: NDArray[Any] | None = None,
    head_sink: NDArray[Any] | None = None,
    k_scale: NDArray[Any] | None = None,
    v_scale: NDArray[Any] | None = None,
    query_seqlens: NDArray[Any] | None = None,
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
) -> tuple[NDArray[Any], ...]:
    """Grouped-query attention; also returns the updated cache and the scores.

    Parameters
    ----------
    query : [B, S, H * E], or [B, S, (H + 2 * G) * E] with keys and values, then None
    key, value : [B, S, G * E]
    past_key, past_value : [B, G, C, E]; int8, or uint8 [B, G, C, E / 2] for 4 bits each
    seqlens_k : int32[B], the total number of keys of each sequence, minus 1
    total_sequence_length : T, the maximum of the total numbers
    cos_cache, sin_cache : [positions, R / 2], to rotate queries and keys; None not to
    position_ids : int64[B, S]; by default the positions after the past. Without a past, S is T
        and only the first number is used
    attention_bias : broadcastable to [B, H, S, T], added to the scores
    head_sink : [H], the score of an additional key whose value is 0
    k_scale, v_scale : scales of an integer cache: one number, or one for each G and E
    query_seqlens : [B], the number of valid steps; S by default
    rotary_interleaved : whether rotated pairs are adjacent rather than R / 2 apart
    local_window_size : number of keys that a query sees, including its own; -1 for all
    scale : factor of the scores; 1 / sqrt(E) by default
    softcap : smooth limit of the scores, ``softcap * tanh(scores / softcap)``; 0 for none
    causal : whether to mask keys that come after the query
    sliding_window_cache : whether the cache holds only the last steps
    smooth_softmax : whether head_sink defaults to 0 rather than to no additional key
    qk_output : 1 to return the scores, 2 their softmax

    Returns
    -------
    output : [B, S, H * E]
    present_key, present_value : [B, G, max(C, T), E]
    output_qk : [B, H, S, T], if requested

    One step after 10 others, with H = 8, G = 2, E = 64 and room for C = 128 in the cache::

        query           [1, 1, 512]       q  [1, 8, 1, 64]
        key, value      [1, 1, 128]       k, v  [1, 2, 1, 64]
        seqlens_k       [10]              of 11 keys; the past has 10
        present_key     [1, 2, 128, 64]   k at position 10, after those of past_key
        keys            [1, 2, 11, 64]    the first T = 11 of them
        scores          [1, 8, 1, 11]     4 heads of queries share one of keys
        output          [1, 1, 512]

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.GroupQueryAttention
    """
    q, k, v = split_qkv_heads(query, key, value, num_heads, kv_num_heads)
    batch, _, steps, _ = q.shape
    total = int(np.reshape(total_sequence_length, ()))
    lengths = seqlens_k.reshape(batch).astype(np.int64) + 1
    counts = np.minimum(steps, lengths) if query_seqlens is None else query_seqlens
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
    written = np.full(batch, steps) if query_seqlens is None else query_seqlens
    first = np.zeros(batch, np.int64)
    if sliding_window_cache and past_key is not None and past_value is not None:
        window = (past, counts, local_window_size)
        keys, present_key, first = append_to_window_cache(past_key, new[0], *window)
        values, present_value, _ = append_to_window_cache(past_value, new[1], *window)
    else:
        present_key = append_to_cache(past_key, new[0], past, written, total)
        present_value = append_to_cache(past_value, new[1], past, written, total)
        keys, values = present_key[:, :, :total], present_value[:, :, :total]

    scores = attention_scores(q, dequantize_cache(keys, k_scale, k), scale)
    if softcap:
        scores = softcap * np.tanh(scores / softcap)
    places = first[:, None] + np.arange(keys.shape[2])
    if attention_bias is not None:
        scores = scores + _columns(attention_bias, places, scores.shape)
    seen = attention_mask_of_cache(
        places, past, lengths, steps, causal, local_window_size
    )
    if query_seqlens is not None:
        seen = seen & (np.arange(steps)[:, None] < counts[:, None, None, None])
    scores = np.where(seen, scores, scores.dtype.type(-np.inf))
    qk = np.where(seen, scores, scores.dtype.type(0)) if qk_output == 1 else None
    sink = np.zeros(num_heads, scores.dtype) if smooth_softmax else None
    weights = _with_sink(scores, sink if head_sink is None else head_sink)
    y = weighted_values(weights, dequantize_cache(values, v_scale, v))
    y = merge_heads(y.astype(query.dtype, copy=False))
    if not qk_output:
        return y, present_key, present_value
    qk = weights if qk is None else qk
    return y, present_key, present_value, qk.astype(query.dtype, copy=False)


def _columns(
    bias: NDArray[Any], places: NDArray[np.int64], shape: tuple[int, ...]
) -> NDArray[Any]:
    """Return the columns of a bias at ``places``: [B, H, S, keys]."""
    if not places[:, 0].any() and bias.shape[3] == shape[3]:
        return bias
    whole = np.broadcast_to(bias, (*shape[:3], bias.shape[3]))
    inside = np.minimum(places, bias.shape[3] - 1)
    return np.take_along_axis(whole, inside[:, None, None], axis=3)


def _with_sink(scores: NDArray[Any], sink: NDArray[Any] | None) -> NDArray[Any]:
    """Return the softmax along the last axis; the sink takes part as an extra key."""
    if sink is None:
        return masked_softmax(scores, True)
    column = np.broadcast_to(sink[:, None, None], (*scores.shape[:3], 1))
    return masked_softmax(
        np.concatenate((scores, column.astype(scores.dtype)), axis=3), True
    )[..., :-1]
