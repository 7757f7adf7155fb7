"""Heads, positions and visibility of keys, shared by attention operators with a cache.

B is the batch, S the length of the queries, H the heads of queries, G those of keys and
values, E the size of a head.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from ._attention import split_heads


def split_qkv_heads(
    query: Array, key: Array | None, value: Array | None, heads: int, groups: int
) -> tuple[Array, Array, Array]:
    """Return queries, keys and values by head: [B, H or G, S, E]."""
    if key is None or value is None:
        size = query.shape[2] // (heads + 2 * groups)
        ends = (heads * size, (heads + groups) * size)
        query, key, value = jnp.split(query, ends, axis=2)
    return (
        split_heads(query, heads),
        split_heads(key, groups),
        split_heads(value, groups),
    )


def rotary_positions(
    position_ids: Array | None, past: Array, steps: int, total: int, length: int
) -> Array:
    """Return the position of each step, [B, S], within a table of that length."""
    step = jnp.arange(steps)
    if position_ids is None:
        return jnp.minimum(past[:, None] + step, length - 1)
    if steps == total:
        first = position_ids.reshape(-1)[0]
        return jnp.broadcast_to(step + first, (len(past), steps))
    return position_ids


def attention_mask_of_cache(
    places: Array, past: Array, lengths: Array, steps: int, causal: bool, window: int
) -> Array:
    """Return which of the keys at ``places`` each query sees: bool[B, 1, S, keys]."""
    last = lengths[:, None, None] - 1
    own = jnp.minimum(past[:, None, None] + jnp.arange(steps)[:, None], last)
    seen = places[:, None] <= (own if causal else last)
    if window > 0:
        seen = seen & (places[:, None] > own - window)
    return seen[:, None]
