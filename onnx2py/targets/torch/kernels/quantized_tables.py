"""Functions of quantized bytes."""

from __future__ import annotations

from collections.abc import Sequence
from math import log, prod
from typing import Union

import torch
from torch import Tensor

from .quantization import dequantize_linear, quantize_linear

Parameter = Union[Tensor, float]


def qlinear_sigmoid(
    x: Tensor,
    x_scale: Parameter,
    x_zero_point: Parameter,
    y_scale: Parameter,
    y_zero_point: Parameter = 0,
) -> Tensor:
    """Return the quantized ``1 / (1 + exp(-x))`` of a quantized tensor."""
    y = torch.sigmoid(dequantize_linear(x, x_scale, x_zero_point))
    return quantize_linear(y, y_scale, y_zero_point, dtype=x.dtype)


def qlinear_leaky_relu(
    x: Tensor,
    x_scale: Parameter,
    x_zero_point: Parameter,
    y_scale: Parameter,
    y_zero_point: Parameter = 0,
    *,
    alpha: float = 0.01,
) -> Tensor:
    """Return the quantized leaky ReLU of a quantized tensor."""
    real = dequantize_linear(x, x_scale, x_zero_point)
    y = torch.where(real >= 0, real, alpha * real)
    return quantize_linear(y, y_scale, y_zero_point, dtype=x.dtype)


def qlinear_concat(
    y_scale: Parameter,
    y_zero_point: Parameter,
    tensors: Sequence[Tensor],
    scales: Sequence[Parameter],
    zero_points: Sequence[Parameter],
    *,
    axis: int,
) -> Tensor:
    """Concatenate quantized tensors along an axis, after requantizing them to one scale."""
    parts = []
    for x, scale, zero_point in zip(tensors, scales, zero_points):
        real = dequantize_linear(x, scale, zero_point)
        parts.append(quantize_linear(real, y_scale, y_zero_point, dtype=x.dtype))
    return torch.cat(parts, axis)


def qlinear_softmax(
    x: Tensor,
    x_scale: Parameter,
    x_zero_point: Parameter | None,
    y_scale: Parameter,
    y_zero_point: Parameter = 0,
    *,
    axis: int = -1,
    flatten: bool = False,
) -> Tensor:
    """Return the quantized softmax of a quantized tensor, in the dtype of ``x``.

    Parameters
    ----------
    x : [...]
    axis : the axis along which results sum to 1
    flatten : whether to treat all axes from ``axis`` on as one, as before opset 13
    """
    if flatten:
        axis %= x.ndim
        rows = x.reshape(prod(x.shape[:axis]), prod(x.shape[axis:]))
        y = qlinear_softmax(rows, x_scale, x_zero_point, y_scale, y_zero_point)
        return y.reshape(x.shape)
    if x.numel() == 0:
        return x
    # As in onnxruntime, exponentials are rounded to float32 near its largest number.
    scale = torch.as_tensor(x_scale, device=x.device).double().reshape(())
    room = max(0.0, log(torch.finfo(torch.float32).max / x.shape[axis]) - 5.0)
    below = x.double() - x.amax(axis, keepdim=True)
    y = torch.exp((below + room / scale) * scale).float()
    total = y.sum(axis, keepdim=True)
    steps = torch.floor(1 / torch.as_tensor(y_scale, device=x.device).float())
    # Exponentials fill the range of float32: without the power of two, products may overflow.
    y = y * (steps * 2**-10) / (total * 2**-10)
    return quantize_linear(y, 1, y_zero_point, dtype=x.dtype)
