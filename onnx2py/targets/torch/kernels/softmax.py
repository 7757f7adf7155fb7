"""Softmax, its logarithm, and hardmax."""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor

from ._precision import widened


def softmax(input: Tensor, *, axis: int = -1) -> Tensor:
    """Return ``exp(input)`` divided by its sum along ``axis``."""
    return torch.softmax(input, axis)


def log_softmax(input: Tensor, *, axis: int = -1) -> Tensor:
    """Return the logarithm of the softmax along ``axis``."""
    # In half precision, torch rounds the logarithm of the sum.
    return torch.log_softmax(widened(input), axis).to(input.dtype)


def hardmax(input: Tensor, *, axis: int = -1) -> Tensor:
    """Return 1 at the first maximum along ``axis``, and 0 elsewhere."""
    if input.numel() == 0:
        return torch.zeros_like(input)
    first = input.argmax(axis, keepdim=True)
    return torch.zeros_like(input).scatter(axis, first, 1)


def softmax_flattened(input: Tensor, *, axis: int = 1) -> Tensor:
    """Return the softmax over all axes from ``axis`` on, taken together."""
    return softmax(_rows(input, axis)).reshape(input.shape)


def log_softmax_flattened(input: Tensor, *, axis: int = 1) -> Tensor:
    """Return the logarithm of the softmax over all axes from ``axis`` on."""
    return log_softmax(_rows(input, axis)).reshape(input.shape)


def hardmax_flattened(input: Tensor, *, axis: int = 1) -> Tensor:
    """Return 1 at the first maximum over all axes from ``axis`` on, and 0 elsewhere."""
    return hardmax(_rows(input, axis)).reshape(input.shape)


def _rows(x: Tensor, axis: int) -> Tensor:
    """Flatten the axes before ``axis``, and those from ``axis`` on."""
    axis = axis + x.ndim if axis < 0 else axis
    return x.reshape(prod(x.shape[:axis]), prod(x.shape[axis:]))
