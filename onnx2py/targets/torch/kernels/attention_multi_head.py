"""Attention as defined by onnxruntime's own operators.

B is the batch, S the length of the queries, T that of all keys, H the number of heads,
E and F the sizes of one head of keys and of values.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ._attention import attend, attention_scores, merge_heads, split_heads
from ._attention_masks import mask_as_bias
from ._rounding import rounded_once


@rounded_once
def multi_head_attention(
    query: Tensor,
    key: Tensor | None = None,
    value: Tensor | None = None,
    bias: Tensor | None = None,
    key_padding_mask: Tensor | None = None,
    attention_bias: Tensor | None = None,
    past_key: Tensor | None = None,
    past_value: Tensor | None = None,
    past_sequence_length: Tensor | None = None,
    cache_indirection: Tensor | None = None,
    *,
    num_heads: int,
    mask_filter_value: float = -10000.0,
    scale: float | None = None,
    unidirectional: bool = False,
    output_qk: bool = False,
) -> tuple[Tensor, ...]:
    """Multi-head attention [B, S, H * F]; also returns all keys, all values and the scores.

    query is [B, S, H * E], or [B, S, H, 3, E] with keys and values; key is [B, L, H * E],
    [B, H, L, E], or [B, L, H, 2, E] with values.

    Raises
    ------
    ValueError
        If a tensor has the wrong number of axes.
    """
    q, k, v = _heads(query, key, value, bias, num_heads)
    keys, values, past = k, v, 0
    if past_key is not None and past_value is not None:
        past, new = past_key.shape[2], k.shape[2]
        if past_sequence_length is None:
            keys = k = torch.cat((past_key, k), 2)
            values = v = torch.cat((past_value, v), 2)
        else:
            past = int(past_sequence_length)
            k, v = _written(past_key, k, past), _written(past_value, v, past)
            keys = _of_searches(k[:, :, : past + new], cache_indirection, past)
            values = _of_searches(v[:, :, : past + new], cache_indirection, past)
    mask = mask_as_bias(
        key_padding_mask,
        attention_bias,
        (len(q), q.shape[2], keys.shape[2]),
        past,
        q,
        mask_filter_value=mask_filter_value,
        unidirectional=unidirectional,
    )
    y = attend(q, keys, values, mask, scale=scale or None)
    if not output_qk:
        return merge_heads(y), k, v
    qk = attention_scores(q, keys, scale or None)
    return merge_heads(y), k, v, qk if mask is None else qk + mask


def _heads(
    query: Tensor,
    key: Tensor | None,
    value: Tensor | None,
    bias: Tensor | None,
    heads: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return queries, keys and values by head: [B, H, length, size]."""
    if query.ndim == 5:
        query, key, value = (x.flatten(2) for x in query.unbind(3))
    elif key is not None and key.ndim == 5:
        key, value = (x.flatten(2) for x in key.unbind(3))
    if key is None or value is None or key.ndim not in (3, 4) or value.ndim != key.ndim:
        raise ValueError(
            "multi_head_attention: expected key and value of 3 or 4 axes, got "
            f"{None if key is None else list(key.shape)} and "
            f"{None if value is None else list(value.shape)}"
        )
    if bias is not None:
        size = query.shape[2]
        query = query + bias[:size]
        if key.ndim == 3:
            key, value = key + bias[size : 2 * size], value + bias[2 * size :]
    if key.ndim == 4:
        return split_heads(query, heads), key, value
    return split_heads(query, heads), split_heads(key, heads), split_heads(value, heads)


def _written(cache: Tensor, new: Tensor, place: int) -> Tensor:
    """Return a copy of a cache with new steps written at a position."""
    end = place + new.shape[2]
    return torch.cat((cache[:, :, :place], new, cache[:, :, end:]), 2)


def _of_searches(cache: Tensor, indirection: Tensor | None, past: int) -> Tensor:
    """Return the history of each beam, which may include steps of other beams."""
    if indirection is None or not indirection.numel():
        return cache
    batch, steps = cache.shape[0], cache.shape[2]
    width = indirection.shape[1]
    own = torch.arange(batch, device=cache.device)[:, None]
    step = torch.arange(steps, device=cache.device)
    others = F.pad(indirection.reshape(batch, -1)[:, :past], (0, steps - past))
    rows = torch.where(step < past, own // width * width + others, own)
    return cache.transpose(1, 2)[rows, step].transpose(1, 2)
