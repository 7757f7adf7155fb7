"""One optimization step: new values of tensors from their gradients.

``tensors`` holds all tensors to optimize, then their gradients, then their states, kind by
kind; results are in the same order, without the gradients.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def adagrad(
    rate: Tensor,
    count: Tensor,
    *tensors: Tensor,
    norm_coefficient: float = 0.0,
    decay_factor: float = 0.0,
    epsilon: float = 1e-6,
) -> tuple[Tensor, ...]:
    """Return new tensors, and their sums of squared gradients."""
    r = rate / (1 + count * decay_factor)
    results = []
    for x, g, h in _grouped(tensors, 3):
        g = norm_coefficient * x + g
        h = h + g * g
        results.append((x - r * g / (torch.sqrt(h) + epsilon), h))
    return _ungrouped(results, tensors[0].dtype)


def adam(
    rate: Tensor,
    count: Tensor,
    *tensors: Tensor,
    alpha: float = 0.9,
    beta: float = 0.999,
    epsilon: float = 1e-6,
    norm_coefficient: float = 0.0,
    norm_coefficient_post: float = 0.0,
) -> tuple[Tensor, ...]:
    """Return new tensors, and the running means of gradients and of their squares."""
    t = count.double()
    adjusted = rate * torch.sqrt(1 - beta**t) / (1 - alpha**t)
    r = torch.where(t > 0, adjusted, rate)
    results = []
    for x, g, v, h in _grouped(tensors, 4):
        g = norm_coefficient * x + g
        v = alpha * v + (1 - alpha) * g
        h = beta * h + (1 - beta) * g * g
        x = x - r * v / (torch.sqrt(h) + epsilon)
        results.append(((1 - norm_coefficient_post) * x, v, h))
    return _ungrouped(results, tensors[0].dtype)


def momentum(
    rate: Tensor,
    count: Tensor,
    *tensors: Tensor,
    alpha: float,
    beta: float,
    norm_coefficient: float,
    nesterov: bool = False,
) -> tuple[Tensor, ...]:
    """Return new tensors, and their momenta."""
    factor = torch.where(count > 0, beta, 1.0)
    results = []
    for x, g, v in _grouped(tensors, 3):
        g = norm_coefficient * x + g
        v = alpha * v + factor * g
        x = x - rate * (g + alpha * v if nesterov else v)
        results.append((x, v))
    return _ungrouped(results, tensors[0].dtype)


def _grouped(tensors: tuple[Tensor, ...], kinds: int) -> Any:
    """Yield each tensor with its gradient and its states."""
    size = len(tensors) // kinds
    return zip(*(tensors[k * size : (k + 1) * size] for k in range(kinds)))


def _ungrouped(
    results: list[tuple[Tensor, ...]], dtype: torch.dtype
) -> tuple[Tensor, ...]:
    """Return all first results, then all second results, and so on."""
    return tuple(x.to(dtype) for kind in zip(*results) for x in kind)
