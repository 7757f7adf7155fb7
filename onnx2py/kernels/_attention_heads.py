"""Heads, positions and visibility of keys, shared by attention operators with a cache.

B is the batch, S the length of the queries, H the heads of queries, G those of keys and
values, E the size of a head.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._attention import split_heads


def split_qkv_heads(
    query: NDArray[Any],
    key: NDArray[Any] | None,
    value: NDArray[Any] | None,
    heads: int,
    groups: int,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return queries, keys and values by head: [B, H or G, S, E]."""
    if key is None or value is None:
        size = query.shape[2] // (heads + 2 * groups)
        ends = heads * size, (heads + groups) * size
        query, key, value = np.split(query, ends, axis=2)
    return (
        split_heads(query, heads),
        split_heads(key, groups),
        split_heads(value, groups),
    )


def rotary_positions(
    position_ids: NDArray[Any] | None,
    past: NDArray[np.int64],
    steps: int,
    total: int,
    length: int,
) -> NDArray[Any]:
    """Return the position of each step, [B, S], within a table of that length."""
    if position_ids is None:
        return np.asarray(np.minimum(past[:, None] + np.arange(steps), length - 1))
    if steps == total:
        start = int(position_ids.reshape(-1)[0])
        return np.broadcast_to(np.arange(steps) + start, (len(past), steps))
    return position_ids


def attention_mask_of_cache(
    places: NDArray[np.int64],
    past: NDArray[np.int64],
    lengths: NDArray[np.int64],
    steps: int,
    causal: bool,
    window: int,
) -> NDArray[np.bool_]:
    """Return which of the keys at ``places`` each query sees: bool[B, 1, S, keys]."""
    last = lengths[:, None, None] - 1
    own = np.minimum(past[:, None, None] + np.arange(steps)[:, None], last)
    seen = places[:, None] <= (own if causal else last)
    if window > 0:
        seen = seen & (places[:, None] > own - window)
    return np.asarray(seen)[:, None]
