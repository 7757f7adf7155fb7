"""Average pooling of 8-bit integers that represent ``scale * (integer - zero_point)``."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._conv_windows import Pads
from ._pool import pool_windows, pooling_axes
from .conv_integer import subtract_zero_point
from .matmul_integer import requantize
from .pool import average_pool


def qlinear_average_pool(
    x: NDArray[Any],
    x_scale: float | NDArray[Any],
    x_zero_point: int | NDArray[Any],
    y_scale: float | NDArray[Any],
    y_zero_point: int | NDArray[Any],
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    ceil_mode: bool = False,
    count_include_pad: bool = False,
    channels_last: bool = False,
) -> NDArray[Any]:
    """Return the requantized mean of each window.

    Parameters
    ----------
    x : int8 or uint8, [N, C, D...], or [N, D..., C] if ``channels_last``
    kernel_shape : K..., the length of the window along each spatial axis, in elements
    strides, dilations : one int per spatial axis, in elements; 1 by default
    pads : elements added before each spatial axis, then after each; 0 by default.
        ``"SAME_UPPER"`` or ``"SAME_LOWER"``: chosen such that O = ceil(D / stride).
    ceil_mode : whether the division below rounds up. A window that would start in the
        padding at the end is dropped.
    count_include_pad : whether padding counts as zeros. As in onnxruntime, elements that
        ``ceil_mode`` adds beyond the padding count as well.

    Returns
    -------
    y : of the dtype of ``x`` [N, C, O...], or [N, O..., C] if ``channels_last``
        Rounded half to even and saturated.

    Raises
    ------
    ValueError
        If a window is longer than a padded axis by the stride or more.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.QLinearAveragePool
    """
    real = subtract_zero_point(
        np.moveaxis(x, -1, 1) if channels_last else x, x_zero_point
    )
    if count_include_pad:
        sizes = real.shape[2:]
        axes = pooling_axes(sizes, kernel_shape, strides, pads, dilations, ceil_mode)
        y = pool_windows(real, axes, np.add, empty=0) / np.float32(prod(kernel_shape))
    else:
        y = average_pool(
            real,
            kernel_shape=kernel_shape,
            strides=strides,
            pads=pads,
            dilations=dilations,
            ceil_mode=ceil_mode,
        )
    scale = np.asarray(np.float32(x_scale) / np.float32(y_scale))
    quantized = requantize(y, scale, np.asarray(y_zero_point, x.dtype))
    if channels_last:
        return np.ascontiguousarray(np.moveaxis(quantized, 1, -1))
    return quantized


def qlinear_global_average_pool(
    x: NDArray[Any],
    x_scale: float | NDArray[Any],
    x_zero_point: int | NDArray[Any],
    y_scale: float | NDArray[Any],
    y_zero_point: int | NDArray[Any],
    *,
    channels_last: bool = False,
) -> NDArray[Any]:
    """Return the requantized mean of each channel.

    Parameters
    ----------
    x : int8 or uint8, [N, C, D...], or [N, D..., C] if ``channels_last``

    Returns
    -------
    y : of the dtype of ``x`` [N, C, 1...], or [N, 1..., C] if ``channels_last``
        Rounded half to even and saturated.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.QLinearGlobalAveragePool
    """
    axes = tuple(range(1, x.ndim - 1) if channels_last else range(2, x.ndim))
    total = np.sum(subtract_zero_point(x, x_zero_point), axis=axes, keepdims=True)
    count = np.float32(prod(x.shape[axis] for axis in axes))
    scale = np.asarray(np.float32(x_scale) / (np.float32(y_scale) * count))
    return requantize(total, scale, np.asarray(y_zero_point, x.dtype))
