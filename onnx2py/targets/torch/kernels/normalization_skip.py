"""Normalization of sums, as defined by onnxruntime's own operators."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ._precision import widened
from ._rounding import rounded_once
from .normalization import (
    layer_normalization,
    layer_normalization_with_statistics,
    rms_normalization,
)


@rounded_once
def skip_layer_normalization(
    input: Tensor,
    skip: Tensor,
    gamma: Tensor,
    beta: Tensor | None = None,
    bias: Tensor | None = None,
    *,
    epsilon: float = 1e-12,
) -> Tensor:
    """Return the layer normalization of ``input + skip + bias``."""
    total = skip_sum(input, skip, bias)
    return layer_normalization(total, gamma, beta, epsilon=epsilon)


def skip_layer_normalization_with_sum(
    input: Tensor,
    skip: Tensor,
    gamma: Tensor,
    beta: Tensor | None = None,
    bias: Tensor | None = None,
    *,
    epsilon: float = 1e-12,
) -> tuple[Tensor, ...]:
    """Return the normalized sum, its means and inverse deviations, and the sum itself.

    The statistics are float32. The sum is normalized before it is rounded.
    """
    total = skip_sum(input, skip, bias)
    y, *statistics = layer_normalization_with_statistics(
        total, gamma, beta, epsilon=epsilon
    )
    return y.to(input.dtype), *statistics, total.to(input.dtype)


def rms_normalization_with_statistics(
    x: Tensor, scale: Tensor, *, axis: int = -1, epsilon: float = 1e-5
) -> tuple[Tensor, Tensor]:
    """RMS normalization; also returns the inverse root mean square, as float32."""
    axes = tuple(range(axis % x.ndim, x.ndim))
    square = widened(x).square().mean(axes, keepdim=True)
    y = rms_normalization(x, scale, axis=axis, epsilon=epsilon)
    return y, torch.rsqrt(square + epsilon).float()


def skip_rms_normalization(
    input: Tensor,
    skip: Tensor,
    gamma: Tensor,
    bias: Tensor | None = None,
    *,
    epsilon: float = 1e-12,
) -> tuple[Tensor, ...]:
    """Return the RMS normalization of ``input + skip + bias``, and that sum.

    The two results between them are 0, for the means, and the inverse root mean square.
    """
    total = skip_sum(input, skip, bias)
    y, inverse = rms_normalization_with_statistics(
        total, widened(gamma), epsilon=epsilon
    )
    dtype = input.dtype
    return y.to(dtype), torch.zeros_like(inverse), inverse, total.to(dtype)


@rounded_once
def embed_layer_normalization(
    input_ids: Tensor,
    segment_ids: Tensor | None,
    word_embedding: Tensor,
    position_embedding: Tensor,
    segment_embedding: Tensor | None,
    gamma: Tensor,
    beta: Tensor,
    mask: Tensor | None = None,
    position_ids: Tensor | None = None,
    *,
    epsilon: float = 1e-12,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the normalized sum of embeddings, the number of words, and the sum.

    Indices and mask are [B, S]; the number of words [B] is 0 without a mask.
    """
    if position_ids is None:
        steps = input_ids.shape[1]
        position_ids = torch.arange(steps, device=input_ids.device)[None]
    total = F.embedding(input_ids, word_embedding)
    total = total + F.embedding(position_ids, position_embedding)
    if segment_embedding is not None and segment_ids is not None:
        total = total + F.embedding(segment_ids, segment_embedding)
    if mask is None:
        count = torch.zeros(len(input_ids), dtype=torch.int32, device=input_ids.device)
    else:
        count = (mask == 1).sum(1, dtype=torch.int32)
    return layer_normalization(total, gamma, beta, epsilon=epsilon), count, total


def skip_sum(input: Tensor, skip: Tensor, bias: Tensor | None) -> Tensor:
    """Return ``input + skip + bias``; small floats are not rounded yet."""
    total = widened(input) + skip
    return total if bias is None else total + bias
