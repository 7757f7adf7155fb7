"""Scaled dot-product attention.

B is the batch, S the length of the queries, T that of all keys, H the heads of queries
and G those of keys and values: each serves H / G consecutive heads of queries. E and F are
the sizes of a head of keys and of a head of values.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ._attention import (
    attend,
    attention_mask,
    attention_scores,
    masked,
    masked_softmax,
    merge_heads,
    repeat_heads,
    split_heads,
    weighted_values,
    whole_mask,
)
from ._precision import widened


def attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    attn_mask: Tensor | None = None,
    past_key: Tensor | None = None,
    past_value: Tensor | None = None,
    nonpad_kv_seqlen: Tensor | None = None,
    *,
    q_num_heads: int = 0,
    kv_num_heads: int = 0,
    is_causal: bool = False,
    left_window_size: int = -1,
    right_window_size: int = -1,
    scale: float | None = None,
    softcap: float = 0.0,
    softmax_precision: Any = None,
) -> Tensor:
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
    q: Tensor,
    k: Tensor,
    v: Tensor,
    attn_mask: Tensor | None = None,
    past_key: Tensor | None = None,
    past_value: Tensor | None = None,
    nonpad_kv_seqlen: Tensor | None = None,
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
) -> tuple[Tensor, ...]:
    """Scaled dot-product attention; also returns all keys, all values and the scores.

    The scores are those of ``qk_matmul_output_mode``: 0 the product of queries and keys, 1
    with softcap, 2 with softcap and mask, 3 the softmax; -1 for none.
    """
    packed = q.ndim == 3
    if packed:
        q = split_heads(q, q_num_heads)
        k, v = split_heads(k, kv_num_heads), split_heads(v, kv_num_heads)
    if past_key is not None and past_value is not None:
        k, v = torch.cat((past_key, k), 2), torch.cat((past_value, v), 2)
    allowed = attention_mask(
        (q.shape[2], k.shape[2]),
        0 if past_key is None else past_key.shape[2],
        nonpad_kv_seqlen,
        is_causal=is_causal,
        left=left_window_size,
        right=right_window_size,
        device=q.device,
    )
    mask = None if attn_mask is None else whole_mask(attn_mask, k.shape[2])
    if (
        not softcap
        and qk_matmul_output_mode < 0
        and softmax_precision in (None, q.dtype)
    ):
        y = _fused(q, k, v, mask, allowed, scale)
        return merge_heads(y) if packed else y, k, v

    scores = attention_scores(q, k, scale)
    stages = [scores]
    if softcap:
        scores = softcap * torch.tanh(scores / softcap)
    stages.append(scores)
    scores = masked(scores, mask, allowed)
    stages.append(scores)
    if softmax_precision is not None:
        scores = scores.to(softmax_precision)
    guarded = mask is not None or allowed is not None
    weights = masked_softmax(scores, guarded).to(widened(q).dtype)
    stages.append(weights)
    y = weighted_values(weights, v).to(q.dtype)
    y = merge_heads(y) if packed else y
    if qk_matmul_output_mode < 0:
        return y, k, v
    return y, k, v, stages[qk_matmul_output_mode].to(q.dtype)


def _fused(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None,
    allowed: Tensor | None,
    scale: float | None,
) -> Tensor:
    """Return attention by head; 0 where all keys are masked."""
    dtype = q.dtype
    if q.device.type == "cpu":  # where it is as fast, and rounds its weights less
        q, k, v = widened(q), widened(k), widened(v)
    k, v = repeat_heads(k, q.shape[1]), repeat_heads(v, q.shape[1])
    if allowed is not None:
        mask = allowed if mask is None else masked_by(mask, allowed)
    if mask is not None and mask.dtype != torch.bool:
        mask = mask.to(q.dtype)
    return attend(q, k, v, mask, scale=scale, without_keys=0.0).to(dtype)


def masked_by(mask: Tensor, allowed: Tensor) -> Tensor:
    """Hide keys that are not allowed in a mask."""
    return mask & allowed if mask.dtype == torch.bool else masked(mask, None, allowed)
