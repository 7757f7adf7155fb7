"""Rotary position embeddings."""

from __future__ import annotations

import torch
from torch import Tensor

from ._rounding import rounded_once


@rounded_once
def rotary_embedding(
    x: Tensor,
    cos_cache: Tensor,
    sin_cache: Tensor,
    position_ids: Tensor | None = None,
    *,
    interleaved: bool = False,
    num_heads: int = 0,
    rotary_embedding_dim: int = 0,
) -> Tensor:
    """Rotate each pair of the first R numbers of each head by the angle of its position.

    ``x`` is [B, H, S, E] or [B, S, H * E], caches are [P, R / 2], or [B, S, R / 2] without
    ``position_ids``, the rows [B, S] to take.
    """
    if position_ids is not None:
        rows = position_ids.long()
        cos_cache, sin_cache = cos_cache[rows], sin_cache[rows]
    axis = 2 if x.ndim == 3 else 1
    heads = x.unflatten(2, (num_heads, -1)) if x.ndim == 3 else x
    cos, sin = cos_cache.unsqueeze(axis), sin_cache.unsqueeze(axis)
    size = rotary_embedding_dim or heads.shape[-1]
    rotated, rest = heads[..., :size], heads[..., size:]
    pairs = rotated.unflatten(-1, (-1, 2) if interleaved else (2, -1))
    pair = -1 if interleaved else -2
    a, b = pairs.unbind(pair)
    rotated = torch.stack((cos * a - sin * b, sin * a + cos * b), pair).flatten(-2)
    return torch.cat((rotated, rest), -1).reshape(x.shape)


def rotary_embedding_at(
    x: Tensor,
    position_ids: Tensor,
    cos_cache: Tensor,
    sin_cache: Tensor,
    *,
    interleaved: bool = False,
    num_heads: int = 0,
    rotary_embedding_dim: int = 0,
) -> Tensor:
    """Rotate each pair of the first R numbers of each head by the angle of its position.

    ``position_ids`` is [B, S], or [1], the position at which each sequence starts.
    """
    if position_ids.ndim < 2:
        batch, steps = x.shape[0], x.shape[1 if x.ndim == 3 else 2]
        place = torch.arange(steps, device=x.device) + position_ids.reshape(-1)[:1]
        position_ids = place.expand(batch, steps)
    return rotary_embedding(
        x,
        cos_cache,
        sin_cache,
        position_ids,
        interleaved=interleaved,
        num_heads=num_heads or x.shape[-1] // (2 * cos_cache.shape[-1]),
        rotary_embedding_dim=rotary_embedding_dim,
    )
