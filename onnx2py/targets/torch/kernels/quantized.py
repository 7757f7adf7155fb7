"""Sums, products and matrix products of quantized tensors, rounded as in onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Union

import torch
from torch import Tensor

from ._conv_windows import Pads
from .conv_integer import Scalar, as_scale, qlinear_conv
from .quantization import dequantize_linear, quantize_linear

Parameter = Union[Tensor, float]


def qlinear_add(
    a: Tensor,
    a_scale: Parameter,
    a_zero_point: Parameter,
    b: Tensor,
    b_scale: Parameter,
    b_zero_point: Parameter,
    c_scale: Parameter,
    c_zero_point: Parameter = 0,
) -> Tensor:
    """Return the quantized sum of two quantized tensors of the same dtype.

    As onnxruntime does on x86, this computes ``a * ratio_a + (b * ratio_b + fixed)`` with
    fused multiply-add: float64 represents every such product exactly.
    """
    if a.shape[-1:] in ((), (1,)) and b.shape[-1:] not in ((), (1,)):
        # In onnxruntime, the operand that is broadcast comes second.
        a, a_scale, a_zero_point, b, b_scale, b_zero_point = (
            *(b, b_scale, b_zero_point),
            *(a, a_scale, a_zero_point),
        )
    scale, zero_point = _number(c_scale, a), _number(c_zero_point, a)
    ratio_a = (_number(a_scale, a) / scale).double()
    ratio_b = (_number(b_scale, a) / scale).double()
    zero_b = (ratio_b * _number(b_zero_point, a)).float()
    zeros = (ratio_a * _number(a_zero_point, a) + zero_b).float()
    y = (b.double() * ratio_b + (zero_point - zeros)).float()
    y = (a.double() * ratio_a + y).float()
    return quantize_linear(y, 1, dtype=a.dtype)


def _number(parameter: Parameter, x: Tensor) -> Tensor:
    """Return a scale or zero point as a scalar of float32, where ``x`` is."""
    return as_scale(parameter, x).reshape(())


def qlinear_mul(
    a: Tensor,
    a_scale: Parameter,
    a_zero_point: Parameter,
    b: Tensor,
    b_scale: Parameter,
    b_zero_point: Parameter,
    c_scale: Parameter,
    c_zero_point: Parameter = 0,
) -> Tensor:
    """Return the quantized product of two quantized tensors of the same dtype."""
    ratio = _number(a_scale, a) * _number(b_scale, a) / _number(c_scale, a)
    y = a.float() - _number(a_zero_point, a)
    y = y * (b.float() - _number(b_zero_point, a))
    y = y * ratio + _number(c_zero_point, a)
    return quantize_linear(y, 1, dtype=a.dtype)


def qgemm(
    a: Tensor,
    a_scale: Parameter,
    a_zero_point: Parameter,
    b: Tensor,
    b_scale: Parameter,
    b_zero_point: Parameter,
    c: Tensor | None = None,
    y_scale: Parameter | None = None,
    y_zero_point: Parameter | None = None,
    *,
    alpha: float = 1.0,
    trans_a: bool = False,
    trans_b: bool = False,
) -> Tensor:
    """Return ``alpha * (A @ B + c)`` of quantized matrices, A = (a - zero point) * scale.

    Parameters
    ----------
    a : [M, K], or [K, M] with ``trans_a``
    b : [K, N], or [N, K] with ``trans_b``; its scale and zero point may be [N]
    c : int32, broadcastable to [M, N], in units of the product of the scales

    Returns
    -------
    y : [M, N]
        Of the dtype of ``a``, or float32 if there is no ``y_scale``.
    """
    left, right = (a.T if trans_a else a), (b.T if trans_b else b)
    y = (left.double() - a_zero_point) @ (right.double() - b_zero_point)
    y = (y if c is None else y + c).float()
    scale = _number(alpha, a) * as_scale(a_scale, a) * as_scale(b_scale, a)
    if y_scale is None:
        return y * scale
    zero_point = 0 if y_zero_point is None else y_zero_point
    scale = scale / as_scale(y_scale, a)
    return quantize_linear(y * scale, 1, zero_point, dtype=a.dtype)


def qlinear_conv_channels_last(
    x: Tensor,
    x_scale: Scalar,
    x_zero_point: Scalar,
    weight: Tensor,
    weight_scale: Scalar | Sequence[float],
    weight_zero_point: Scalar | Sequence[int],
    y_scale: Scalar,
    y_zero_point: Tensor,
    bias: Tensor | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
) -> Tensor:
    """Convolve quantized channels-last tensors: [N, D..., C] -> [N, O..., M]."""
    y = qlinear_conv(
        x.movedim(-1, 1),
        x_scale,
        x_zero_point,
        weight,
        weight_scale,
        weight_zero_point,
        y_scale,
        y_zero_point,
        bias,
        strides=strides,
        pads=pads,
        dilations=dilations,
        group=group,
    )
    return y.movedim(1, -1)


def qlinear_where(
    condition: Tensor,
    x: Tensor,
    x_scale: Parameter,
    x_zero_point: Parameter,
    y: Tensor,
    y_scale: Parameter,
    y_zero_point: Parameter,
    z_scale: Parameter,
    z_zero_point: Parameter,
) -> Tensor:
    """Select from quantized ``x`` and ``y`` by ``condition``, requantized to one scale."""
    parts = [
        quantize_linear(
            dequantize_linear(part, _number(scale, x), _number(zero, x)),
            _number(z_scale, x),
            _number(z_zero_point, x),
            dtype=x.dtype,
        )
        for part, scale, zero in (
            (x, x_scale, x_zero_point),
            (y, y_scale, y_zero_point),
        )
    ]
    return torch.where(condition, *parts)


def qlinear_reduce_mean(
    x: Tensor,
    x_scale: Parameter,
    x_zero_point: Parameter,
    y_scale: Parameter,
    y_zero_point: Parameter = 0,
    *,
    axes: Sequence[int] = (),
    keepdims: bool = True,
) -> Tensor:
    """Return the quantized mean of a quantized tensor along ``axes`` (all if empty)."""
    real = dequantize_linear(x, x_scale, x_zero_point)
    mean = torch.mean(real, tuple(axes) or tuple(range(x.ndim)), keepdim=keepdims)
    return quantize_linear(mean, y_scale, y_zero_point, dtype=x.dtype)
