"""Heads, positions and visibility of keys, shared by attention operators with a cache.

B is the batch, S the length of the queries, H the heads of queries, G those of keys and
values, E the size of a head.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ._attention import split_heads


def split_qkv_heads(
    query: Tensor,
    key: Tensor | None,
    value: Tensor | None,
    heads: int,
    groups: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return queries, keys and values by head: [B, H or G, S, E]."""
    if key is None or value is None:
        size = query.shape[2] // (heads + 2 * groups)
        sizes = (heads * size, groups * size, groups * size)
        query, key, value = query.split(sizes, 2)
    return (
        split_heads(query, heads),
        split_heads(key, groups),
        split_heads(value, groups),
    )


def rotary_positions(
    position_ids: Tensor | None, past: Tensor, steps: int, total: int, length: int
) -> Tensor:
    """Return the position of each step, [B, S], within a table of that length."""
    step = torch.arange(steps, device=past.device)
    if position_ids is None:
        return (past[:, None] + step).clamp(max=length - 1)
    if steps == total:
        return (step + position_ids.reshape(-1)[0]).expand(len(past), steps)
    return position_ids


def attention_mask_of_cache(
    places: Tensor, past: Tensor, lengths: Tensor, steps: int, causal: bool, window: int
) -> Tensor:
    """Return which of the keys at ``places`` each query sees: bool[B, 1, S, keys]."""
    last = lengths[:, None, None] - 1
    step = torch.arange(steps, device=places.device)[:, None]
    own = torch.minimum(past[:, None, None] + step, last)
    seen = places[:, None] <= (own if causal else last)
    if window > 0:
        seen = seen & (places[:, None] > own - window)
    return seen[:, None].expand(-1, -1, steps, -1)
