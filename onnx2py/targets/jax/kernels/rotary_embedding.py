"""Rotary position embeddings."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from ._rounding import rounded_once


@rounded_once
def rotary_embedding(
    x: Array,
    cos_cache: Array,
    sin_cache: Array,
    position_ids: Array | None = None,
    *,
    interleaved: bool = False,
    num_heads: int = 0,
    rotary_embedding_dim: int = 0,
) -> Array:
    """Rotate each pair of the first R numbers of each head by the angle of its position.

    ``x`` is [B, H, S, E] or [B, S, H * E], caches are [P, R / 2], or [B, S, R / 2] without
    ``position_ids``, the rows [B, S] to take.
    """
    cos, sin, heads = jnp.asarray(cos_cache), jnp.asarray(sin_cache), x
    if position_ids is not None:
        cos, sin = cos[position_ids], sin[position_ids]
    if x.ndim == 3:
        heads = x.reshape(*x.shape[:2], num_heads, x.shape[2] // num_heads)
    cos, sin = (jnp.expand_dims(table, 2 if x.ndim == 3 else 1) for table in (cos, sin))
    size = rotary_embedding_dim or heads.shape[-1]
    rotated, rest = heads[..., :size], heads[..., size:]
    if interleaved:
        a, b = rotated[..., ::2], rotated[..., 1::2]
    else:
        a, b = jnp.split(rotated, 2, axis=-1)
    pair = (cos * a - sin * b, sin * a + cos * b)
    if interleaved:
        rotated = jnp.stack(pair, axis=-1).reshape(rotated.shape)
    else:
        rotated = jnp.concatenate(pair, axis=-1)
    return jnp.concatenate((rotated, rest), axis=-1).reshape(x.shape)


def rotary_embedding_at(
    x: Array,
    position_ids: Array,
    cos_cache: Array,
    sin_cache: Array,
    *,
    interleaved: bool = False,
    num_heads: int = 0,
    rotary_embedding_dim: int = 0,
) -> Array:
    """Rotate each pair of the first R numbers of each head by the angle of its position.

    ``position_ids`` is [B, S], or [1], the position at which each sequence starts.
    """
    if position_ids.ndim < 2:
        batch, steps = x.shape[0], x.shape[1 if x.ndim == 3 else 2]
        place = jnp.arange(steps) + position_ids.reshape(-1)[:1]
        position_ids = jnp.broadcast_to(place, (batch, steps))
    return rotary_embedding(
        x,
        cos_cache,
        sin_cache,
        position_ids,
        interleaved=interleaved,
        num_heads=num_heads or x.shape[-1] // (2 * cos_cache.shape[-1]),
        rotary_embedding_dim=rotary_embedding_dim,
    )
