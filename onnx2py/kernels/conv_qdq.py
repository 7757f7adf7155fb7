"""Convolution between 8-bit integers: DequantizeLinear, Conv and QuantizeLinear in one call.

Weights are floats, multiples of ``weight_scale``: NumPy multiplies floats; an engine that computes
in integers finds them as ``rint(weight / weight_scale)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ._conv_windows import Pads
from ._qdq import real_numbers, whole_numbers
from .conv_depthwise import conv_depthwise
from .conv_packed import conv_packed, conv_pointwise
from .conv_winograd import conv_winograd


def qdq_conv_packed(
    x: NDArray[Any],
    weight: NDArray[np.float32],
    bias: NDArray[np.float32] | None,
    x_scale: float,
    x_zero_point: int,
    weight_scale: NDArray[np.float32],
    y_scale: float,
    y_zero_point: int = 0,
    *,
    dtype: DTypeLike = np.uint8,
    limits: tuple[int, int] | None = None,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
) -> NDArray[Any]:
    """Convolve what 8-bit integers stand for, ``scale * (integer - zero_point)``.

    Parameters
    ----------
    x : int8[N, C, D...] or uint8[N, C, D...]
    weight : float32[K..., C / group, M]
    bias : float32[M], optional
    weight_scale : float32[] or float32[M]
    dtype : int8 or uint8, that of the result
    limits : the lowest and the greatest result; those of ``dtype`` by default
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

    ONNX: https://onnx.ai/onnx/operators/onnx__Conv.html
    """
    y = conv_packed(
        real_numbers(x, x_scale, x_zero_point),
        weight,
        bias,
        strides=strides,
        pads=pads,
        dilations=dilations,
        group=group,
    )
    return whole_numbers(y, y_scale, y_zero_point, dtype, limits)


def qdq_conv_pointwise(
    x: NDArray[Any],
    weight: NDArray[np.float32],
    bias: NDArray[np.float32] | None,
    x_scale: float,
    x_zero_point: int,
    weight_scale: NDArray[np.float32],
    y_scale: float,
    y_zero_point: int = 0,
    *,
    dtype: DTypeLike = np.uint8,
    limits: tuple[int, int] | None = None,
    strides: Sequence[int] | None = None,
) -> NDArray[Any]:
    """Convolve what 8-bit integers stand for with kernels of one element.

    Parameters
    ----------
    x : int8[N, C, D...] or uint8[N, C, D...]
    weight : float32[C, M]
    bias : float32[M], optional
    weight_scale : float32[] or float32[M]
    dtype : int8 or uint8, that of the result
    limits : the lowest and the greatest result; those of ``dtype`` by default
    strides : one int per spatial axis, in elements; 1 by default

    Returns
    -------
    y : int8[N, M, O...] or uint8[N, M, O...]
        Rounded half to even and saturated.

    Raises
    ------
    ValueError
        If the numbers of channels of ``x`` and ``weight`` do not match.

    ONNX: https://onnx.ai/onnx/operators/onnx__Conv.html
    """
    real = real_numbers(x, x_scale, x_zero_point)
    y = conv_pointwise(real, weight, bias, strides=strides)
    return whole_numbers(y, y_scale, y_zero_point, dtype, limits)


def qdq_conv_depthwise(
    x: NDArray[Any],
    weight: NDArray[np.float32],
    bias: NDArray[np.float32] | None,
    x_scale: float,
    x_zero_point: int,
    weight_scale: NDArray[np.float32],
    y_scale: float,
    y_zero_point: int = 0,
    *,
    dtype: DTypeLike = np.uint8,
    limits: tuple[int, int] | None = None,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
) -> NDArray[Any]:
    """Convolve each channel of what 8-bit integers stand for with its own kernel.

    Parameters
    ----------
    x : int8[N, C, D...] or uint8[N, C, D...]
    weight : float32[K..., C]
    bias : float32[C], optional
    weight_scale : float32[] or float32[C]
    dtype : int8 or uint8, that of the result
    limits : the lowest and the greatest result; those of ``dtype`` by default
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

    ONNX: https://onnx.ai/onnx/operators/onnx__Conv.html
    """
    y = conv_depthwise(
        real_numbers(x, x_scale, x_zero_point),
        weight,
        bias,
        strides=strides,
        pads=pads,
        dilations=dilations,
    )
    return whole_numbers(y, y_scale, y_zero_point, dtype, limits)


def qdq_conv_winograd(
    x: NDArray[Any],
    weight: NDArray[np.float32],
    bias: NDArray[np.float32] | None,
    x_scale: float,
    x_zero_point: int,
    weight_scale: NDArray[np.float32],
    y_scale: float,
    y_zero_point: int = 0,
    *,
    dtype: DTypeLike = np.uint8,
    limits: tuple[int, int] | None = None,
    pads: Sequence[int] | None = None,
) -> NDArray[Any]:
    """Convolve what 8-bit integers stand for with kernels of 3 x 3 at stride 1.

    Parameters
    ----------
    x : int8[N, C, H, W] or uint8[N, C, H, W]
    weight : float32[(T + 2)**2, C, M]
        The transform of [3, 3, C, M], whose numbers are multiples of ``weight_scale``, for tiles
        of T x T results, T being 2 or 4.
    bias : float32[M], optional
    weight_scale : float32[] or float32[M]
    dtype : int8 or uint8, that of the result
    limits : the lowest and the greatest result; those of ``dtype`` by default
    pads : top, left, bottom, right; 0 by default

    Returns
    -------
    y : int8[N, M, O, P] or uint8[N, M, O, P]
        Rounded half to even and saturated.

    Raises
    ------
    ValueError
        If ``x`` has the wrong axes or channels, or the kernel is larger than the image.

    ONNX: https://onnx.ai/onnx/operators/onnx__Conv.html
    """
    real = real_numbers(x, x_scale, x_zero_point)
    y = conv_winograd(real, weight, bias, pads=pads)
    return whole_numbers(y, y_scale, y_zero_point, dtype, limits)
