"""Piecewise-linear activations."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ._rounding import rounded_once


def relu(x: Tensor) -> Tensor:
    """Return ``max(x, 0)``."""
    return F.relu(x)


def leaky_relu(x: Tensor, *, alpha: float = 0.01) -> Tensor:
    """Return ``x`` where it is not negative, else ``alpha * x``."""
    return F.leaky_relu(x, alpha)


def prelu(x: Tensor, slope: Tensor) -> Tensor:
    """Return ``x`` where it is not negative, else ``slope * x``."""
    return torch.where(x < 0, x * slope, x)


def prelu_per_channel(x: Tensor, slope: Tensor) -> Tensor:
    """Return ``prelu(x, slope)`` of [N, C, D...] with one slope, or one for each channel."""
    if slope.numel() > 1 and x.ndim > slope.ndim + 1:
        slope = slope.reshape(slope.shape + (1,) * (x.ndim - slope.ndim - 1))
    return prelu(x, slope)


@rounded_once
def thresholded_relu(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    """Return ``x`` where it is above ``alpha``, else 0."""
    return torch.where(x > alpha, x, 0)


@rounded_once
def shrink(x: Tensor, *, bias: float = 0.0, lambd: float = 0.5) -> Tensor:
    """Return ``x + bias`` below ``-lambd``, ``x - bias`` above ``lambd``, 0 between.

    Integers are computed as float32 and rounded toward zero.
    """
    a = x if x.is_floating_point() else x.float()
    y = torch.where(a > lambd, a - bias, 0)
    return torch.where(a < -lambd, a + bias, y).to(x.dtype)


@rounded_once
def hard_sigmoid(x: Tensor, *, alpha: float = 0.2, beta: float = 0.5) -> Tensor:
    """Return ``alpha * x + beta``, limited to 0...1."""
    return torch.clamp(alpha * x + beta, 0, 1)


def hard_swish(x: Tensor) -> Tensor:
    """Return ``x * h``, where h is ``x / 6 + 0.5``, limited to 0...1."""
    return F.hardswish(x)
