"""Keys and values stored as 8-bit or 4-bit integers.

G is the number of heads, E the size of a head. A byte holds two 4-bit integers, the first
in its lower half; 8 represents 0.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from ._precision import widened


def quantize_cache(x: Array, scale: Array | None, cache: Array | None) -> Array:
    """Quantize new keys or values to the dtype of the cache, if it has a scale."""
    if scale is None or cache is None:
        return x
    steps = jnp.round(widened(x) / _by_channel(scale, x))
    if cache.dtype == jnp.int8:
        return jnp.clip(steps, -128, 127).astype(jnp.int8)
    halves = (jnp.clip(steps, -8, 7) + 8).astype(jnp.uint8)
    return halves[..., ::2] | halves[..., 1::2] << 4


def dequantize_cache(cache: Array, scale: Array | None, like: Array) -> Array:
    """Dequantize a cache; ``like`` has the same G and E."""
    if scale is None:
        return cache
    if cache.dtype == jnp.uint8:
        halves = jnp.stack((cache & 15, cache >> 4), -1)
        cache = halves.reshape(*cache.shape[:-1], 2 * cache.shape[-1])
        return (cache.astype(jnp.float32) - 8) * _by_channel(scale, like)
    return cache.astype(jnp.float32) * _by_channel(scale, like)


def _by_channel(scale: Array, like: Array) -> Array:
    if scale.size == 1:
        return scale.reshape(())
    return scale.reshape(like.shape[1], 1, like.shape[3])
