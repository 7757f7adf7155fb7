"""Keys and values stored as 8-bit or 4-bit integers.

G is the number of heads, E the size of a head. A byte holds two 4-bit integers, the first
in its lower half; 8 represents 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._precision import widened


def quantize_cache(
    x: NDArray[Any], scale: NDArray[Any] | None, cache: NDArray[Any] | None
) -> NDArray[Any]:
    """Quantize new keys or values to the dtype of the cache, if it has a scale.

    Parameters
    ----------
    x : [B, G, S, E]
    scale : one number, or one for each G and E; None for a cache that is not of integers
    cache : int8, or uint8 for 4 bits each
    """
    if scale is None or cache is None:
        return x
    steps = np.rint(widened(x) / _by_channel(scale, x))
    if cache.dtype == np.int8:
        return np.asarray(np.clip(steps, -128, 127).astype(np.int8))
    halves = (np.clip(steps, -8, 7) + 8).astype(np.uint8)
    return np.asarray(halves[..., ::2] | halves[..., 1::2] << 4)


def dequantize_cache(
    cache: NDArray[Any], scale: NDArray[Any] | None, like: NDArray[Any]
) -> NDArray[Any]:
    """Dequantize a cache; ``like`` has the same G and E."""
    if scale is None:
        return cache
    if cache.dtype == np.uint8:
        halves = np.stack((cache & 15, cache >> 4), axis=-1)
        cache = halves.reshape(*cache.shape[:-1], 2 * cache.shape[-1])
        return np.asarray((cache.astype(np.float32) - 8) * _by_channel(scale, like))
    return np.asarray(cache.astype(np.float32) * _by_channel(scale, like))


def _by_channel(scale: NDArray[Any], like: NDArray[Any]) -> NDArray[Any]:
    if scale.size == 1:
        return scale.reshape(())
    return scale.reshape(like.shape[1], 1, like.shape[3])
