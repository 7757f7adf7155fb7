"""Activations that use exponentials."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ._rounding import rounded_once


def sigmoid(x: Tensor) -> Tensor:
    """Return ``1 / (1 + exp(-x))``."""
    return torch.sigmoid(x)


@rounded_once
def swish(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    """Return ``x * sigmoid(alpha * x)``; also known as SiLU."""
    return F.silu(x) if alpha == 1 else x * torch.sigmoid(alpha * x)


def swiglu(a: Tensor, b: Tensor, *, alpha: float = 1.0) -> Tensor:
    """Return ``a / (1 + exp(-alpha * a)) * b``, the value b gated by a."""
    return swish(a, alpha=alpha) * b


def softplus(x: Tensor) -> Tensor:
    """Return ``log(exp(x) + 1)``."""
    return F.softplus(x, threshold=40)  # beyond, it is x in float64 too


def softsign(x: Tensor) -> Tensor:
    """Return ``x / (1 + |x|)``."""
    return F.softsign(x)


def mish(x: Tensor) -> Tensor:
    """Return ``x * tanh(softplus(x))``."""
    return F.mish(x)


def elu(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    """Return ``x`` where it is positive, else ``alpha * (exp(x) - 1)``."""
    return F.elu(x, alpha)


@rounded_once
def selu(x: Tensor, *, alpha: float = 1.6732632, gamma: float = 1.050701) -> Tensor:
    """Return ``gamma * elu(x)``."""
    return gamma * F.elu(x, alpha)


def celu(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    """Return ``max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0)``."""
    return F.celu(x, alpha)
