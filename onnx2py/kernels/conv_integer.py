"""Convolution of 8-bit integers, computed exactly with BLAS's fast float products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ._conv_windows import Pads
from .conv import conv
from .matmul_integer import requantize

Scalar = Union[NDArray[Any], float]


def conv_integer(
    x: NDArray[Any],
    weight: NDArray[Any],
    x_zero_point: Scalar | None = None,
    weight_zero_point: Scalar | Sequence[int] | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
) -> NDArray[np.int32]:
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

    Raises
    ------
    ValueError
        If the numbers of channels of ``x`` and ``weight`` do not match, or the kernel is longer
        than the padded image.

    ONNX: https://onnx.ai/onnx/operators/onnx__ConvInteger.html
    """
    rows = subtract_zero_point(weight, weight_zero_point)
    # float32 holds every integer up to 2**24; float64 products are half as fast.
    largest = 255 * np.abs(rows).reshape(len(rows), -1).sum(axis=1).max(initial=0)
    kind = np.float32 if largest <= 1 << 24 else np.float64
    y = conv(
        subtract_zero_point(x, x_zero_point, dtype=kind),
        rows.astype(kind, copy=False),
        strides=strides,
        pads=pads,
        dilations=dilations,
        group=group,
    )
    return y.astype(np.int32)


def subtract_zero_point(
    x: NDArray[Any],
    zero_point: Scalar | Sequence[int] | None = None,
    *,
    dtype: DTypeLike = np.float32,
) -> NDArray[Any]:
    """Return ``x - zero_point``, exact integers stored as floats.

    Parameters
    ----------
    x : int8[...] or uint8[...]
    zero_point : one number, or one per element of the first axis; 0 by default
    dtype : float32 or float64

    Source: part of https://onnx.ai/onnx/operators/onnx__QLinearConv.html
    """
    wide = x.astype(dtype)
    zeros = np.asarray(0 if zero_point is None else zero_point, dtype)
    if zeros.size > 1:
        wide -= zeros.reshape(-1, *[1] * (x.ndim - 1))
    elif zeros.item():
        wide -= zeros
    return np.asarray(wide)


def qlinear_conv(
    x: NDArray[Any],
    x_scale: Scalar,
    x_zero_point: Scalar,
    weight: NDArray[Any],
    weight_scale: Scalar | Sequence[float],
    weight_zero_point: Scalar | Sequence[int],
    y_scale: Scalar,
    y_zero_point: NDArray[Any],
    bias: NDArray[np.int32] | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
) -> NDArray[Any]:
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

    Raises
    ------
    ValueError
        If the numbers of channels of ``x`` and ``weight`` do not match, or the kernel is longer
        than the padded image.

    ONNX: https://onnx.ai/onnx/operators/onnx__QLinearConv.html
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
    each_channel = (-1, *[1] * (x.ndim - 2))
    if bias is not None:
        total += bias.reshape(each_channel)
    scale = np.asarray(weight_scale, np.float32) * np.float32(x_scale)
    scale = (scale / np.float32(y_scale)).reshape(each_channel)
    return requantize(total.astype(np.float32), scale, y_zero_point)
