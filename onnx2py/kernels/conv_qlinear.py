"""Convolution of 8-bit integers with constant weights, which are integers stored as floats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._conv_windows import Pads
from .conv_depthwise import conv_depthwise
from .conv_integer import subtract_zero_point
from .conv_packed import conv_packed, conv_pointwise
from .matmul_integer import requantize_in_blocks


def qlinear_conv_packed(
    x: NDArray[Any],
    weight: NDArray[Any],
    bias: NDArray[Any] | None,
    scale: NDArray[np.float32],
    y_zero_point: NDArray[Any],
    x_zero_point: int = 0,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
) -> NDArray[Any]:
    """Convolve 8-bit integers, and requantize the sums.

    Parameters
    ----------
    x : int8[N, C, D...] or uint8[N, C, D...]
    weight : float[K..., C / group, M]
        Integers minus their zero point, in a dtype in which every sum is exact.
    bias : float[M] of integers, optional
    scale : float32[M, 1...] or float32[1, 1...]
        ``x_scale * weight_scale / y_scale``
    y_zero_point : int8[] or uint8[]
        Its dtype is the result's.
    x_zero_point : padding has this value
    strides, dilations : one int per spatial axis, in elements; 1 by default
    pads : elements added before each spatial axis, then after each; 0 by default.
        ``"SAME_UPPER"`` or ``"SAME_LOWER"``: chosen such that O = ceil(D / stride).
    group : number of channel groups, which are convolved separately

    Returns
    -------
    y : int8[N, M, O...] or uint8[N, M, O...]
        Rounded half to even and saturated.

    Raises
    ------
    ValueError
        If the numbers of channels of ``x`` and ``weight`` do not match, or the kernel is longer
        than the padded image.

    ONNX: https://onnx.ai/onnx/operators/onnx__QLinearConv.html
    """
    total = conv_packed(
        subtract_zero_point(x, x_zero_point, dtype=weight.dtype),
        weight,
        bias,
        strides=strides,
        pads=pads,
        dilations=dilations,
        group=group,
    )
    return requantize_in_blocks(total, scale, y_zero_point)


def qlinear_conv_pointwise(
    x: NDArray[Any],
    weight: NDArray[Any],
    bias: NDArray[Any] | None,
    scale: NDArray[np.float32],
    y_zero_point: NDArray[Any],
    x_zero_point: int = 0,
    *,
    strides: Sequence[int] | None = None,
) -> NDArray[Any]:
    """Convolve 8-bit integers with kernels of one element, and requantize the sums.

    Parameters
    ----------
    x : int8[N, C, D...] or uint8[N, C, D...]
    weight : float[C, M]
        Integers minus their zero point, in a dtype in which every sum is exact.
    bias : float[M] of integers, optional
    scale : float32[M, 1...] or float32[1, 1...]
        ``x_scale * weight_scale / y_scale``
    y_zero_point : int8[] or uint8[]
        Its dtype is the result's.
    strides : one int per spatial axis, in elements; 1 by default

    Returns
    -------
    y : int8[N, M, O...] or uint8[N, M, O...]
        Rounded half to even and saturated.

    Raises
    ------
    ValueError
        If the numbers of channels of ``x`` and ``weight`` do not match.

    ONNX: https://onnx.ai/onnx/operators/onnx__QLinearConv.html
    """
    if strides:
        x = x[(slice(None), slice(None), *(slice(None, None, s) for s in strides))]
    centered = subtract_zero_point(x, x_zero_point, dtype=weight.dtype)
    return requantize_in_blocks(
        conv_pointwise(centered, weight, bias), scale, y_zero_point
    )


def qlinear_conv_depthwise(
    x: NDArray[Any],
    weight: NDArray[Any],
    bias: NDArray[Any] | None,
    scale: NDArray[np.float32],
    y_zero_point: NDArray[Any],
    x_zero_point: int = 0,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
) -> NDArray[Any]:
    """Convolve each channel of 8-bit integers with its own kernel, and requantize the sums.

    Parameters
    ----------
    x : int8[N, C, D...] or uint8[N, C, D...]
    weight : float[K..., C]
        Integers minus their zero point, in a dtype in which every sum is exact.
    bias : float[C] of integers, optional
    scale : float32[C, 1...] or float32[1, 1...]
        ``x_scale * weight_scale / y_scale``
    y_zero_point : int8[] or uint8[]
        Its dtype is the result's.
    x_zero_point : padding has this value
    strides, dilations : one int per spatial axis, in elements; 1 by default
    pads : elements added before each spatial axis, then after each; 0 by default.
        ``"SAME_UPPER"`` or ``"SAME_LOWER"``: chosen such that O = ceil(D / stride).

    Returns
    -------
    y : int8[N, C, O...] or uint8[N, C, O...]
        Rounded half to even and saturated.

    Raises
    ------
    ValueError
        If the numbers of channels of ``x`` and ``weight`` do not match, or the kernel is longer
        than the padded image.

    ONNX: https://onnx.ai/onnx/operators/onnx__QLinearConv.html
    """
    total = conv_depthwise(
        subtract_zero_point(x, x_zero_point, dtype=weight.dtype),
        weight,
        bias,
        strides=strides,
        pads=pads,
        dilations=dilations,
    )
    return requantize_in_blocks(total, scale, y_zero_point)
