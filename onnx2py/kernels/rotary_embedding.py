"""Rotary position embeddings."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._precision import widened


def rotary_embedding(
    x: NDArray[Any],
    cos_cache: NDArray[Any],
    sin_cache: NDArray[Any],
    position_ids: NDArray[Any] | None = None,
    *,
    interleaved: bool = False,
    num_heads: int = 0,
    rotary_embedding_dim: int = 0,
) -> NDArray[Any]:
    """Rotate each pair of the first R numbers of each head by the angle of its position.

    B is the batch, S the length, H the number of heads, E the size of a head.

    Parameters
    ----------
    x : float[B, H, S, E], or [B, S, H * E]
    cos_cache, sin_cache : float[P, R / 2], one row for each position, or [B, S, R / 2]
    position_ids : int64[B, S], the rows to take
    interleaved : whether pairs are adjacent rather than R / 2 numbers apart
    num_heads : H, if x has three axes
    rotary_embedding_dim : R, or 0 for E

    Returns
    -------
    y : like x

    ONNX: https://onnx.ai/onnx/operators/onnx__RotaryEmbedding.html
    """
    if position_ids is not None:
        cos_cache, sin_cache = cos_cache[position_ids], sin_cache[position_ids]
    if x.ndim == 3:
        heads = x.reshape(*x.shape[:2], num_heads, x.shape[2] // num_heads)
        cos, sin = cos_cache[:, :, None], sin_cache[:, :, None]
    else:
        heads, cos, sin = x, cos_cache[:, None], sin_cache[:, None]
    size = rotary_embedding_dim or heads.shape[-1]
    if interleaved:
        first, second = slice(0, size, 2), slice(1, size, 2)
    else:
        first, second = slice(0, size // 2), slice(size // 2, size)
    a, b = widened(heads[..., first]), widened(heads[..., second])
    y = heads.copy()
    y[..., first] = cos * a - sin * b
    y[..., second] = sin * a + cos * b
    return np.asarray(y.reshape(x.shape))


def rotary_embedding_at(
    x: NDArray[Any],
    position_ids: NDArray[Any],
    cos_cache: NDArray[Any],
    sin_cache: NDArray[Any],
    *,
    interleaved: bool = False,
    num_heads: int = 0,
    rotary_embedding_dim: int = 0,
) -> NDArray[Any]:
    """Rotate each pair of the first R numbers of each head by the angle of its position.

    B is the batch, S the length, H the number of heads, E the size of a head.

    Parameters
    ----------
    x : [B, H, S, E], or [B, S, H * E]
    position_ids : int64[B, S], or [1], the position at which each sequence starts
    cos_cache, sin_cache : [P, R / 2], one row for each position
    interleaved : whether pairs are adjacent rather than R / 2 numbers apart
    num_heads : H, if x has three axes; 0 for heads twice as long as a row of cos_cache
    rotary_embedding_dim : R, or 0 for E

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.RotaryEmbedding
    """
    if position_ids.ndim < 2:
        batch, steps = x.shape[0], x.shape[1 if x.ndim == 3 else 2]
        start = int(position_ids.reshape(-1)[0])
        position_ids = np.broadcast_to(np.arange(steps) + start, (batch, steps))
    return rotary_embedding(
        x,
        cos_cache,
        sin_cache,
        position_ids,
        interleaved=interleaved,
        num_heads=num_heads or x.shape[-1] // (2 * cos_cache.shape[-1]),
        rotary_embedding_dim=rotary_embedding_dim,
    )
