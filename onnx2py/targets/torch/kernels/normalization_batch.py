"""Batch normalization with given statistics, or with those of the batch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ._precision import widened


def batch_normalization(
    x: Tensor,
    scale: Tensor,
    bias: Tensor,
    mean: Tensor,
    var: Tensor,
    *,
    epsilon: float = 1e-5,
) -> Tensor:
    """Return ``(x - mean) / sqrt(var + epsilon) * scale + bias`` of [N, C, D...].

    Parameters are [C], or [C, D...] for statistics of each position.
    """
    same = all(p.dtype == x.dtype for p in (scale, bias, mean, var))
    fixed = not (mean.requires_grad or var.requires_grad)  # as torch's own has to be
    if same and fixed and scale.ndim == 1 and x.ndim > 1:
        return F.batch_norm(x, mean, var, scale, bias, eps=epsilon)
    factor = widened(scale) * torch.rsqrt(widened(var) + epsilon)
    shift = widened(bias) - widened(mean) * factor
    channels = scale.shape + (1,) * (x.ndim - 1 - scale.ndim)
    return (x * factor.reshape(channels) + shift.reshape(channels)).to(x.dtype)


def batch_normalization_training(
    x: Tensor,
    scale: Tensor,
    bias: Tensor,
    mean: Tensor,
    var: Tensor,
    *,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
) -> tuple[Tensor, ...]:
    """Normalize with the statistics of ``x``, and update the running statistics.

    ``momentum`` is the weight of ``mean`` and ``var`` in the running statistics. Results are
    y, the running mean and variance, and the mean and variance of ``x``.
    """
    axes = (0, *range(1 + scale.ndim, x.ndim))
    saved_var, saved_mean = torch.var_mean(widened(x), axes, correction=0)
    y = batch_normalization(x, scale, bias, saved_mean, saved_var, epsilon=epsilon)
    running_mean = widened(mean) * momentum + saved_mean * (1 - momentum)
    running_var = widened(var) * momentum + saved_var * (1 - momentum)
    statistics = (running_mean, running_var, saved_mean, saved_var)
    return (y, *(s.to(mean.dtype) for s in statistics))
