"""Operators of ONNX before 1.2 that changed or were removed."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ._precision import widened
from .arithmetic import div
from .arrays import (
    add,
    equal,
    greater,
    less,
    logical_and,
    logical_or,
    logical_xor,
    multiply,
    power,
    subtract,
)

OPERATIONS = {
    "add": add,
    "divide": div,
    "equal": equal,
    "greater": greater,
    "less": less,
    "logical_and": logical_and,
    "logical_or": logical_or,
    "logical_xor": logical_xor,
    "multiply": multiply,
    "power": power,
    "subtract": subtract,
}


def combine_from_axis(a: Tensor, b: Tensor, *, operation: str, axis: int) -> Tensor:
    """Return ``operation(a, b)`` with the first axis of ``b`` aligned to ``axis`` of ``a``.

    a : [A..., B..., C...]
    b : [B...]
    """
    start = axis if axis >= 0 else axis + a.ndim
    trailing = a.ndim - start - b.ndim
    aligned = b.reshape((*b.shape, *(1,) * trailing))
    return OPERATIONS[operation](a, aligned)


def affine(x: Tensor, *, alpha: float = 1.0, beta: float = 0.0) -> Tensor:
    """Return ``alpha * x + beta``."""
    return (widened(x) * alpha + beta).to(x.dtype)


def parametric_softplus(x: Tensor, *, alpha: float, beta: float) -> Tensor:
    """Return ``alpha * log(exp(beta * x) + 1)``."""
    scaled = widened(x) * beta
    return (torch.logaddexp(scaled, torch.zeros_like(scaled)) * alpha).to(x.dtype)


def scaled_tanh(x: Tensor, *, alpha: float, beta: float) -> Tensor:
    """Return ``alpha * tanh(beta * x)``."""
    return (torch.tanh(widened(x) * beta) * alpha).to(x.dtype)


def image_scaler(x: Tensor, *, bias: Sequence[float], scale: float = 1.0) -> Tensor:
    """Return ``scale * x + bias``, with one bias for each channel.

    x : [N, C, H, W]
    bias : [C]
    """
    wide = widened(x)
    offsets = wide.new_tensor(bias).reshape(-1, 1, 1)
    return (wide * scale + offsets).to(x.dtype)


def crop(
    x: Tensor, *, border: Sequence[int], scale: Sequence[int] | None = None
) -> Tensor:
    """Cut borders off ``x``, or crop it to the height and width ``scale``.

    x : [N, C, H, W]
    border : pixels to cut off at the left, top, right and bottom

    Raises
    ------
    ValueError
        If ``scale`` exceeds ``x``.
    """
    left, top, right, bottom = border
    stop = [x.shape[2] - bottom, x.shape[3] - right]
    if scale:
        stop = [top + scale[0], left + scale[1]]
    if stop[0] > x.shape[2] or stop[1] > x.shape[3]:
        raise ValueError(f"crop: expected at least {stop} pixels, got {x.shape[2:]}")
    return x[:, :, top : stop[0], left : stop[1]]
