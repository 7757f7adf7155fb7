"""Attention as defined by onnxruntime's own operators.

B is the batch, S the length of the queries, T that of all keys, H the number of heads,
E and F the sizes of one head of keys and of values.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._attention import masked_softmax, merge_heads, split_heads
from ._attention_masks import mask_as_bias
from ._precision import rounded_once
from .attention import attention_scores, weighted_values


@rounded_once
def multi_head_attention(
    query: NDArray[Any],
    key: NDArray[Any] | None = None,
    value: NDArray[Any] | None = None,
    bias: NDArray[Any] | None = None,
    key_padding_mask: NDArray[Any] | None = None,
    attention_bias: NDArray[Any] | None = None,
    past_key: NDArray[Any] | None = None,
    past_value: NDArray[Any] | None = None,
    past_sequence_length: NDArray[Any] | None = None,
    cache_indirection: NDArray[Any] | None = None,
    *,
    num_heads: int,
    mask_filter_value: float = -10000.0,
    scale: float | None = None,
    unidirectional: bool = False,
    output_qk: bool = False,
) -> tuple[NDArray[Any], ...]:
    """Multi-head attention; also returns all keys, all values and the scores.

    Parameters
    ----------
    query : [B, S, H * E], or [B, S, H, 3, E] with keys and values
    key : [B, L, H * E], [B, H, L, E], or [B, L, H, 2, E] with values
    value : [B, L, H * F], or [B, H, L, F]
    bias : [2 * H * E + H * F], to add to query, key and value
    key_padding_mask : int32[B, T] or [B, S, T], positive for keys to keep, or [B] lengths
    attention_bias : broadcastable to [B, H, S, T], added to the scores
    past_key, past_value : [B, H, P, E] and [B, H, P, F], prepended to key and value
    past_sequence_length : their number of valid steps; key and value are written after it
    cache_indirection : int32[B / W, W, P], for beam search with W beams: the beam that each
        past step belongs to
    mask_filter_value : added to the scores of masked keys
    scale : 1 / sqrt(E) by default
    unidirectional : whether to mask keys that come after the query
    output_qk : whether to return the scores

    Returns
    -------
    output : [B, S, H * F]
    present_key, present_value : [B, H, T, E] and [B, H, T, F]
    qk : [B, H, S, T], if requested

    Raises
    ------
    ValueError
        If a tensor has the wrong number of axes.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MultiHeadAttention
    """
    q, k, v = _heads(query, key, value, bias, num_heads)
    keys, values, past = k, v, 0
    if past_key is not None and past_value is not None:
        past, new = past_key.shape[2], k.shape[2]
        if past_sequence_length is None:
            keys = k = np.concatenate((past_key, k), axis=2)
            values = v = np.concatenate((past_value, v), axis=2)
        else:
            past = int(past_sequence_length.reshape(()))
            k, v = _written(past_key, k, past), _written(past_value, v, past)
            keys = _of_searches(k[:, :, : past + new], cache_indirection, past)
            values = _of_searches(v[:, :, : past + new], cache_indirection, past)
    scores = attention_scores(q, keys, scale or None)
    more = mask_as_bias(
        key_padding_mask,
        attention_bias,
        (len(q), q.shape[2], keys.shape[2]),
        past,
        scores.dtype,
        mask_filter_value=mask_filter_value,
        unidirectional=unidirectional,
    )
    if more is not None:
        scores += more
    qk = (scores.copy(),) if output_qk else ()
    y = weighted_values(masked_softmax(scores, False), values)
    return merge_heads(y.astype(query.dtype, copy=False)), k, v, *qk


def _heads(
    query: NDArray[Any],
    key: NDArray[Any] | None,
    value: NDArray[Any] | None,
    bias: NDArray[Any] | None,
    heads: int,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return queries, keys and values by head: [B, H, length, size]."""
    merged = (*query.shape[:2], query.shape[-1] * heads)
    if query.ndim == 5:
        query, key, value = (query[:, :, :, i].reshape(merged) for i in range(3))
    elif key is not None and key.ndim == 5:
        merged = (*key.shape[:2], query.shape[2])
        key, value = (key[:, :, :, i].reshape(merged) for i in range(2))
    if key is None or value is None or key.ndim not in (3, 4) or value.ndim != key.ndim:
        raise ValueError(
            "multi_head_attention: expected key and value of 3 or 4 axes, got "
            f"{None if key is None else key.shape} and "
            f"{None if value is None else value.shape}"
        )
    if bias is not None:
        size = query.shape[2]
        query = query + bias[:size]
        if key.ndim == 3:
            key, value = key + bias[size : 2 * size], value + bias[2 * size :]
    if key.ndim == 4:
        return split_heads(query, heads), key, value
    return split_heads(query, heads), split_heads(key, heads), split_heads(value, heads)


def _written(cache: NDArray[Any], new: NDArray[Any], place: int) -> NDArray[Any]:
    """Return a copy of a cache with new steps written at a position."""
    y = cache.copy()
    y[:, :, place : place + new.shape[2]] = new
    return y


def _of_searches(
    cache: NDArray[Any], indirection: NDArray[Any] | None, past: int
) -> NDArray[Any]:
    """Return the history of each beam, which may include steps of other beams."""
    if indirection is None or not indirection.size:
        return cache
    batch, steps = cache.shape[0], cache.shape[2]
    width = indirection.shape[1]
    own = np.arange(batch)[:, None]
    rows = own // width * width + indirection.reshape(batch, -1)[:, :steps]
    rows[:, past:] = own
    return np.asarray(cache[rows, :, np.arange(steps)].swapaxes(1, 2))
