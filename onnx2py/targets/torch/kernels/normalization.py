"""Normalization with statistics of the tensor itself."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ._precision import widened


def instance_normalization(
    input: Tensor, scale: Tensor, bias: Tensor, *, epsilon: float = 1e-5
) -> Tensor:
    """Normalize each channel of each instance of [N, C, D...], then scale it by [C]."""
    return torch.group_norm(input, input.shape[1], scale, bias, epsilon)


def group_normalization(
    x: Tensor, scale: Tensor, bias: Tensor, *, num_groups: int, epsilon: float = 1e-5
) -> Tensor:
    """Normalize each group of channels of [N, C, D...]; scale by channel or by group."""
    repeats = x.shape[1] // scale.numel()
    scale, bias = (p.reshape(-1).repeat_interleave(repeats) for p in (scale, bias))
    return torch.group_norm(x, num_groups, scale, bias, epsilon)


def layer_normalization(
    x: Tensor,
    scale: Tensor | None = None,
    bias: Tensor | None = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
) -> Tensor:
    """Normalize over all axes from ``axis`` on to mean 0 and variance 1, then scale."""
    shape = x.shape[axis:]
    if all(p is None or (p.shape, p.dtype) == (shape, x.dtype) for p in (scale, bias)):
        return F.layer_norm(x, shape, scale, bias, epsilon)
    y = F.layer_norm(widened(x), shape, None, None, epsilon)
    y = y if scale is None else y * scale
    return (y if bias is None else y + bias).to(x.dtype)


def layer_normalization_with_statistics(
    x: Tensor,
    scale: Tensor,
    bias: Tensor | None = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
) -> tuple[Tensor, Tensor, Tensor]:
    """Layer normalization; also returns means and inverse standard deviations, as float32."""
    axes = tuple(range(axis % x.ndim, x.ndim))
    variance, mean = torch.var_mean(widened(x), axes, correction=0, keepdim=True)
    inverse = torch.rsqrt(variance + epsilon)
    y = layer_normalization(x, scale, bias, axis=axis, epsilon=epsilon)
    return y, mean.float(), inverse.float()


def rms_normalization(
    x: Tensor, scale: Tensor | None = None, *, axis: int = -1, epsilon: float = 1e-5
) -> Tensor:
    """Divide by the root mean square over all axes from ``axis`` on, then scale.

    The result has the dtype of ``scale``.
    """
    shape = x.shape[axis:]
    if scale is None or (scale.shape, scale.dtype) == (shape, x.dtype):
        return F.rms_norm(x, shape, scale, epsilon)
    y = F.rms_norm(widened(x), shape, None, epsilon)
    return (y * widened(scale)).to(scale.dtype)


def lp_normalization(input: Tensor, *, axis: int = -1, p: int = 2) -> Tensor:
    """Divide by the ``p``-norm along ``axis``; the result is 0 where the norm is 0."""
    x = widened(input)
    return F.normalize(x, p, axis, torch.finfo(x.dtype).tiny).to(input.dtype)
