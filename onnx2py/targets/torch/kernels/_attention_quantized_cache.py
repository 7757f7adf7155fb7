"""Keys and values stored as 8-bit or 4-bit integers.

G is the number of heads, E the size of a head. A byte holds two 4-bit integers, the first
in its lower half; 8 represents 0.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ._precision import widened


def quantize_cache(x: Tensor, scale: Tensor | None, cache: Tensor | None) -> Tensor:
    """Quantize new keys or values to the dtype of the cache, if it has a scale."""
    if scale is None or cache is None:
        return x
    steps = torch.round(widened(x) / _by_channel(scale, x))
    if cache.dtype == torch.int8:
        return steps.clamp(-128, 127).to(torch.int8)
    halves = (steps.clamp(-8, 7) + 8).to(torch.uint8)
    return halves[..., ::2] | halves[..., 1::2] << 4


def dequantize_cache(cache: Tensor, scale: Tensor | None, like: Tensor) -> Tensor:
    """Dequantize a cache; ``like`` has the same G and E."""
    if scale is None:
        return cache
    if cache.dtype == torch.uint8:
        halves = torch.stack((cache & 15, cache >> 4), -1).flatten(-2)
        return (halves.float() - 8) * _by_channel(scale, like)
    return cache.float() * _by_channel(scale, like)


def _by_channel(scale: Tensor, like: Tensor) -> Tensor:
    if scale.numel() == 1:
        return scale.reshape(())
    return scale.reshape(like.shape[1], 1, like.shape[3])
