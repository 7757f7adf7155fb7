"""Attention as defined by onnxruntime's own operators.

B is the batch, S the length of the queries, T that of all keys, H the number of heads,
E and F the sizes of one head of keys and of values.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from ._attention import (
    attention_scores,
    masked_softmax,
    merge_heads,
    split_heads,
    weighted_values,
)
from ._attention_masks import mask_as_bias
from ._ints import as_int
from ._rounding import rounded_once


@rounded_once
def multi_head_attention(
    query: Array,
    key: Array | None = None,
    value: Array | None = None,
    bias: Array | None = None,
    key_padding_mask: Array | None = None,
    attention_bias: Array | None = None,
    past_key: Array | None = None,
    past_value: Array | None = None,
    past_sequence_length: Array | None = None,
    cache_indirection: Array | None = None,
    *,
    num_heads: int,
    mask_filter_value: float = -10000.0,
    scale: float | None = None,
    unidirectional: bool = False,
    output_qk: bool = False,
) -> tuple[Array, ...]:
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
            keys = k = jnp.concatenate((past_key, k), axis=2)
            values = v = jnp.concatenate((past_value, v), axis=2)
        else:
            past = as_int(past_sequence_length)
            k = jnp.asarray(past_key).at[:, :, past : past + new].set(k)
            v = jnp.asarray(past_value).at[:, :, past : past + new].set(v)
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
        scores = scores + more
    y = merge_heads(weighted_values(masked_softmax(scores, False), values))
    return (y, k, v, scores) if output_qk else (y, k, v)


def _heads(
    query: Array, key: Array | None, value: Array | None, bias: Array | None, heads: int
) -> tuple[Array, Array, Array]:
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


def _of_searches(cache: Array, indirection: Array | None, past: int) -> Array:
    """Return the history of each beam, which may include steps of other beams."""
    if indirection is None or not indirection.size:
        return cache
    batch, steps = cache.shape[0], cache.shape[2]
    width = indirection.shape[1]
    own = jnp.arange(batch)[:, None]
    others = own // width * width + indirection.reshape(batch, -1)[:, :past]
    present = jnp.broadcast_to(own, (batch, steps - past))
    rows = jnp.concatenate((others, present), axis=1)
    return jnp.swapaxes(cache[rows, :, jnp.arange(steps)], 1, 2)
