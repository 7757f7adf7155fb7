"""Attention as onnxruntime's own operators have it.

B is the batch, S the length of the queries, T that of all keys, H the number of heads,
E and F the sizes of one head of keys and of values.
"""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from ._attention import merged_heads, soft_maximum, split_heads
from ._precision import widened
from .attention import likeness, weighted_values


def multi_head_attention(
    query: NDArray[Any],
    key: NDArray[Any],
    value: NDArray[Any],
    bias: Optional[NDArray[Any]] = None,
    key_padding_mask: Optional[NDArray[Any]] = None,
    attention_bias: Optional[NDArray[Any]] = None,
    past_key: Optional[NDArray[Any]] = None,
    past_value: Optional[NDArray[Any]] = None,
    *,
    num_heads: int,
    mask_filter_value: float = -10000.0,
    scale: Optional[float] = None,
    unidirectional: bool = False,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return what each query attends to, and all keys and values.

    Parameters
    ----------
    query : [B, S, H * E]
    key, value : [B, T, H * E] and [B, T, H * F], or by head: [B, H, T, E] ...
    bias : [2 * H * E + H * F], to add to query, key and value
    key_padding_mask : [B, T] or [B, S, T], 0 for keys to leave out, or [B] lengths
    attention_bias : what broadcasts to [B, H, S, T], to add to the likeness
    past_key, past_value : [B, H, P, E] and [B, H, P, F], to put before them
    mask_filter_value : what is added for keys to leave out
    scale : 1 / sqrt(E) by default
    unidirectional : whether to leave out keys that come after the query

    Returns
    -------
    output : [B, S, H * F]
    present_key, present_value : [B, H, T, E] and [B, H, T, F]

    Raises
    ------
    ValueError
        If the tensors have other numbers of axes.

    ONNX: https://onnx.ai/onnx/operators/onnx__Attention.html
    """
    if query.ndim != 3 or key.ndim not in (3, 4) or value.ndim != key.ndim:
        raise ValueError(
            "multi_head_attention: expected query [B, S, H * E] and key and value of "
            f"3 or 4 axes, got {query.shape}, {key.shape} and {value.shape}"
        )
    size = query.shape[2]
    if bias is not None:
        query = query + bias[:size]
        if key.ndim == 3:
            key, value = key + bias[size : 2 * size], value + bias[2 * size :]
    q = split_heads(query, num_heads)
    k = split_heads(key, num_heads) if key.ndim == 3 else key
    v = split_heads(value, num_heads) if value.ndim == 3 else value
    if past_key is not None and past_value is not None:
        k = np.concatenate((past_key, k), axis=2)
        v = np.concatenate((past_value, v), axis=2)

    scores = likeness(q, k, scale or None)
    if attention_bias is not None:
        scores += attention_bias
    if key_padding_mask is not None:
        kept = _kept_keys(key_padding_mask, scores.shape[3])
        scores += np.where(kept, 0, mask_filter_value).astype(scores.dtype)
    if unidirectional:
        queries, keys = scores.shape[2:]
        later = np.triu(np.ones((queries, keys), np.bool_), keys - queries + 1)
        scores[..., later] = mask_filter_value
    y = weighted_values(soft_maximum(scores, False), v)
    return merged_heads(y.astype(query.dtype, copy=False)), k, v


def _kept_keys(mask: NDArray[Any], keys: int) -> NDArray[np.bool_]:
    """Return which keys a mask keeps, as [B, 1, S or 1, T]."""
    if mask.ndim == 1:
        return np.asarray(np.arange(keys) < mask[:, None, None, None])
    mask = mask[:, None, None] if mask.ndim == 2 else mask[:, None]
    return np.asarray(mask != 0)


def self_attention(
    input: NDArray[Any],
    weights: NDArray[Any],
    bias: Optional[NDArray[Any]] = None,
    mask_index: Optional[NDArray[Any]] = None,
    past: Optional[NDArray[Any]] = None,
    attention_bias: Optional[NDArray[Any]] = None,
    *,
    num_heads: int,
    qkv_hidden_sizes: Optional[tuple[int, ...]] = None,
    mask_filter_value: float = -10000.0,
    scale: Optional[float] = None,
    unidirectional: bool = False,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Project ``input`` to queries, keys and values, and attend to it.

    Parameters
    ----------
    input : [B, S, I]
    weights : [I, 2 * H * E + H * F], of queries, keys and values
    bias : [2 * H * E + H * F]
    mask_index : as key_padding_mask of multi_head_attention
    past : [2, B, H, P, E], keys and values to put before
    attention_bias, mask_filter_value, scale, unidirectional : likewise
    qkv_hidden_sizes : H * E, H * E and H * F, if they are not all the same

    Returns
    -------
    output : [B, S, H * F]
    present : [2, B, H, P + S, E]

    ONNX: https://onnx.ai/onnx/operators/onnx__Attention.html
    """
    sizes = qkv_hidden_sizes or (weights.shape[1] // 3,) * 3
    b, s, width = input.shape
    rows = np.matmul(widened(input).reshape(b * s, width), widened(weights))
    if bias is not None:
        rows += bias
    rows = rows.astype(input.dtype, copy=False).reshape(b, s, weights.shape[1])
    q, k, v = np.split(rows, [sizes[0], sizes[0] + sizes[1]], axis=2)
    y, k, v = multi_head_attention(
        q,
        k,
        v,
        None,
        mask_index,
        attention_bias,
        None if past is None else past[0],
        None if past is None else past[1],
        num_heads=num_heads,
        mask_filter_value=mask_filter_value,
        scale=scale,
        unidirectional=unidirectional,
    )
    return y, np.stack((k, v)) if k.shape == v.shape else k
