"""Convolution of 8-bit integers.

PyTorch convolves floats alone on CPUs, and float64 holds every sum, whatever rounds float32:
autocast, or TF32 on GPUs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Union

import torch
from torch import Tensor

from ._conv_windows import Pads
from .conv import conv
from .matmul_integer import requantize

Scalar = Union[Tensor, float]


def conv_integer(
    x: Tensor,
    weight: Tensor,
    x_zero_point: Scalar | None = None,
    weight_zero_point: Scalar | Sequence[int] | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
) -> Tensor:
    """Cross-correlate ``x - x_zero_point`` with ``weight - weight_zero_point``.

    Parameters
    ----------
    x : int8[N, C, D...] or uint8[N, C, D...]
    weight : int8[M, C / group, K...] or uint8[M, C / group, K...]
    x_zero_point : one number, 0 by default; padding has this value
    weight_zero_point : one number, or one per output channel; 0 by default
    strides, dilations : one int per spatial axis, in elements; 1 by default
    pads : elements added before each spatial axis, then after each; 0 by default.
        ``"SAME_UPPER"`` or ``"SAME_LOWER"``: chosen such that O = ceil(D / stride).
    group : number of channel groups, which are convolved separately

    Returns
    -------
    y : int32[N, M, O...]
        Exact. O = (D + pad_begin + pad_end - dilation * (K - 1) - 1) // stride + 1
    """
    y = conv(
        less_zero_point(x, x_zero_point),
        less_zero_point(weight, weight_zero_point),
        strides=strides,
        pads=pads,
        dilations=dilations,
        group=group,
    )
    return torch.round(y).int()


def less_zero_point(
    x: Tensor, zero_point: Scalar | Sequence[int] | None = None
) -> Tensor:
    """Return ``x - zero_point``, integers stored as float64.

    Parameters
    ----------
    x : int8[...] or uint8[...]
    zero_point : one number, or one per element of the first axis; 0 by default
    """
    if zero_point is None:
        return x.double()
    zeros = torch.as_tensor(zero_point, device=x.device).reshape(-1)
    return x.double() - zeros.reshape(-1, *(1,) * (x.ndim - 1))


def qlinear_conv(
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
    """Convolve quantized tensors: a number is ``scale * (integer - zero_point)``.

    Parameters
    ----------
    x : int8[N, C, D...] or uint8[N, C, D...]
    weight : int8[M, C / group, K...] or uint8[M, C / group, K...]
    weight_scale, weight_zero_point : one number each, or one per output channel
    y_zero_point : int8[] or uint8[]
        Its dtype is the result's.
    bias : int32[M], optional
        In units of ``x_scale * weight_scale``.
    strides, dilations : one int per spatial axis, in elements; 1 by default
    pads : elements added before each spatial axis, then after each; 0 by default.
        ``"SAME_UPPER"`` or ``"SAME_LOWER"``: chosen such that O = ceil(D / stride).
    group : number of channel groups, which are convolved separately

    Returns
    -------
    y : int8[N, M, O...] or uint8[N, M, O...]
        Rounded half to even and saturated.
    """
    total = conv_integer(
        x,
        weight,
        x_zero_point,
        weight_zero_point,
        strides=strides,
        pads=pads,
        dilations=dilations,
        group=group,
    )
    each_channel = (-1, *(1,) * (x.ndim - 2))
    if bias is not None:
        total = total + bias.reshape(each_channel)
    scale = as_scale(weight_scale, x) * as_scale(x_scale, x) / as_scale(y_scale, x)
    return requantize(total, scale.reshape(each_channel), y_zero_point)


def as_scale(parameter: Scalar | Sequence[float], x: Tensor) -> Tensor:
    """Return scales as float32, where ``x`` is."""
    return torch.as_tensor(parameter, dtype=torch.float32, device=x.device)
