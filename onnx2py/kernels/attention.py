"""Scaled dot-product attention.

B is the batch, S the length of the queries, T that of all keys, H the heads of queries
and G those of keys and values: each serves H / G consecutive heads of queries. E and F are
the sizes of a head of keys and of a head of values.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._attention import (
    apply_mask,
    attention_mask,
    masked_softmax,
    merge_heads,
    split_heads,
)
from ._precision import widened


def attention(
    q: NDArray[Any],
    k: NDArray[Any],
    v: NDArray[Any],
    attn_mask: NDArray[Any] | None = None,
    past_key: NDArray[Any] | None = None,
    past_value: NDArray[Any] | None = None,
    nonpad_kv_seqlen: NDArray[Any] | None = None,
    *,
    q_num_heads: int = 0,
    kv_num_heads: int = 0,
    is_causal: bool = False,
    left_window_size: int = -1,
    right_window_size: int = -1,
    scale: float | None = None,
    softcap: float = 0.0,
    softmax_precision: Any = None,
) -> NDArray[Any]:
    """Scaled dot-product attention: ``softmax(scale * q @ k.T + mask) @ v`` by head.

    Parameters
    ----------
    q : float[B, H, S, E], or [B, S, H * E]
    k : float[B, G, T, E], or [B, T, G * E]
    v : float[B, G, T, F], or [B, T, G * F]
    attn_mask : broadcastable to [B, H, S, T]: bool, False for masked keys, or numbers to
        add to the scores; keys beyond its last axis are masked
    past_key, past_value : float[B, G, P, E] and [B, G, P, F], prepended to k and v
    nonpad_kv_seqlen : int64[B], the number of valid keys
    q_num_heads, kv_num_heads : H and G, if tensors have three axes
    is_causal : whether to mask keys that come after the query
    left_window_size, right_window_size : largest distance of a key; -1 for no limit
    scale : 1 / sqrt(E) by default
    softcap : smooth limit of the scores, ``softcap * tanh(scores / softcap)``; 0 for none
    softmax_precision : the dtype of the softmax; by default that of q or float32

    Returns
    -------
    y : float[B, H, S, F], or [B, S, H * F]; 0 where all keys are masked

    ONNX: https://onnx.ai/onnx/operators/onnx__Attention.html
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
    q: NDArray[Any],
    k: NDArray[Any],
    v: NDArray[Any],
    attn_mask: NDArray[Any] | None = None,
    past_key: NDArray[Any] | None = None,
    past_value: NDArray[Any] | None = None,
    nonpad_kv_seqlen: NDArray[Any] | None = None,
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
) -> tuple[NDArray[Any], ...]:
    """Scaled dot-product attention that also returns all keys, all values and the scores.

    Parameters
    ----------
    q : float[B, H, S, E], or [B, S, H * E]
    k : float[B, G, L, E], or [B, L, G * E]
    v : float[B, G, L, F], or [B, L, G * F]
    attn_mask : broadcastable to [B, H, S, T]: bool, False for masked keys, or numbers to
        add to the scores; keys beyond its last axis are masked
    past_key, past_value : float[B, G, P, E] and [B, G, P, F], prepended to k and v: T = P + L
    nonpad_kv_seqlen : int64[B], the number of valid keys
    q_num_heads, kv_num_heads : H and G, if tensors have three axes
    is_causal : whether to mask keys that come after the query
    left_window_size, right_window_size : largest distance of a key; -1 for no limit
    scale : 1 / sqrt(E) by default
    softcap : smooth limit of the scores, ``softcap * tanh(scores / softcap)``; 0 for none
    softmax_precision : the dtype of the softmax; by default that of q or float32
    qk_matmul_output_mode : scores to return: 0 the product of queries and keys, 1 with
        softcap, 2 with softcap and mask, 3 the softmax; -1 for none

    Returns
    -------
    y : float[B, H, S, F], or [B, S, H * F]; 0 where all keys are masked
    present_key, present_value : float[B, G, T, E], [B, G, T, F]
    qk_matmul_output : float[B, H, S, T]

    ONNX: https://onnx.ai/onnx/operators/onnx__Attention.html
    """
    dtype, packed = q.dtype, q.ndim == 3
    if packed:
        q = split_heads(q, q_num_heads)
        k, v = split_heads(k, kv_num_heads), split_heads(v, kv_num_heads)
    if past_key is not None and past_value is not None:
        k = np.concatenate((past_key, k), axis=2)
        v = np.concatenate((past_value, v), axis=2)
    past = 0 if past_key is None else past_key.shape[2]
    allowed = attention_mask(
        (q.shape[2], k.shape[2]),
        past,
        nonpad_kv_seqlen,
        is_causal=is_causal,
        left=left_window_size,
        right=right_window_size,
    )

    scores = attention_scores(q, k, scale)
    stages = [scores.copy() if qk_matmul_output_mode == 0 else None]
    if softcap:
        scores = softcap * np.tanh(scores / softcap)
    stages.append(scores.copy() if qk_matmul_output_mode == 1 else None)
    scores = apply_mask(scores, attn_mask, allowed)
    stages.append(scores.copy() if qk_matmul_output_mode == 2 else None)
    if softmax_precision is not None:
        scores = scores.astype(softmax_precision)
    guarded = attn_mask is not None or allowed is not None
    scores = masked_softmax(scores, guarded).astype(widened(q).dtype, copy=False)
    stages.append(scores)

    y = weighted_values(scores, v).astype(dtype, copy=False)
    y = merge_heads(y) if packed else y
    if qk_matmul_output_mode < 0:
        return y, k, v
    chosen = np.asarray(stages[qk_matmul_output_mode])
    return y, k, v, chosen.astype(dtype, copy=False)


def attention_scores(
    q: NDArray[Any], k: NDArray[Any], scale: float | None = None
) -> NDArray[Any]:
    """Return the scaled products of all queries and keys, the scores: [B, H, S, T]."""
    b, heads, s, size = q.shape
    groups, t = k.shape[1:3]
    wide = widened(q)
    factor = wide.dtype.type(size**-0.5 if scale is None else scale)
    # One product for all queries of a group: its keys need not be repeated.
    rows = (wide * factor).reshape(b, groups, heads // groups * s, size)
    scores = np.matmul(rows, widened(k).swapaxes(2, 3))
    return np.asarray(scores).reshape(b, heads, s, t)


def weighted_values(weights: NDArray[Any], v: NDArray[Any]) -> NDArray[Any]:
    """Return the sums of values by weight: [B, H, S, T], [B, G, T, F] -> [B, H, S, F]."""
    b, heads, s, t = weights.shape
    groups, size = v.shape[1], v.shape[3]
    rows = weights.reshape(b, groups, heads // groups * s, t)
    return np.asarray(np.matmul(rows, widened(v))).reshape(b, heads, s, size)
