"""Keys and values that are kept as integers of 8 or 4 bits.

G is the number of heads, E the size of one. Of 4 bits, two make a byte, the first of them
the lower half; 8 stands for 0.
"""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from ._precision import widened


def to_cache(
    x: NDArray[Any], scale: Optional[NDArray[Any]], cache: Optional[NDArray[Any]]
) -> NDArray[Any]:
    """Return new keys or values as integers of the dtype of the cache, if it has a scale.

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


def from_cache(
    cache: NDArray[Any], scale: Optional[NDArray[Any]], like: NDArray[Any]
) -> NDArray[Any]:
    """Return what the integers of a cache stand for; ``like`` has G and E."""
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
