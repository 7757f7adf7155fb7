"""Linear quantization to integers of four bits or less, and to small floats."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .quantization import broadcast_parameter, rounded_quotient

_NARROW_RANGES = {"int4": (-8, 7), "uint4": (0, 15), "int2": (-2, 1), "uint2": (0, 3)}

_LARGEST = {
    "float8_e4m3fn": 448.0,
    "float8_e4m3fnuz": 240.0,
    "float8_e5m2": 57344.0,
    "float8_e5m2fnuz": 57344.0,
    "float6_e2m3fn": 7.5,
    "float6_e3m2fn": 28.0,
    "float4_e2m1fn": 6.0,
}


def quantize_linear_narrow(
    x: NDArray[Any],
    y_scale: NDArray[Any],
    y_zero_point: NDArray[Any] | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    dtype: DTypeLike,
    precision: DTypeLike = np.float32,
) -> NDArray[Any]:
    """Return ``x / y_scale + y_zero_point`` as 2-bit or 4-bit integers.

    Parameters
    ----------
    x : [...]
    y_scale, y_zero_point : [], [1], [length of ``axis``], or of the rank of ``x``
    block_size : elements of ``axis`` that share a scale, if its rank is that of ``x``
    dtype : int4, uint4, int2 or uint2 of ml_dtypes
    precision : dtype of the division

    Raises
    ------
    ValueError
        If a scale or zero point with several numbers has neither one axis nor those of ``x``.

    ONNX: https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html
    """
    low, high = _NARROW_RANGES[np.dtype(dtype).name]
    scale = broadcast_parameter(y_scale, x.shape, axis, block_size)
    zero_point: Any = 0
    if y_zero_point is not None:
        zero_point = broadcast_parameter(y_zero_point, x.shape, axis, block_size)
    return rounded_quotient(x, scale, zero_point, low, high, precision).astype(dtype)


def quantize_linear_to_float(
    x: NDArray[Any],
    y_scale: NDArray[Any],
    y_zero_point: NDArray[Any] | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    dtype: DTypeLike,
    precision: DTypeLike = np.float32,
    saturate: bool = True,
) -> NDArray[Any]:
    """Return ``x / y_scale + y_zero_point`` as 4-bit to 8-bit floats.

    Parameters
    ----------
    x : [...]
    y_scale, y_zero_point : [], [1], [length of ``axis``], or of the rank of ``x``
    block_size : elements of ``axis`` that share a scale, if its rank is that of ``x``
    dtype : a float4, float6 or float8 type of ml_dtypes
    precision : dtype of the division
    saturate : whether numbers out of range become the largest number, not infinity or NaN

    Raises
    ------
    ValueError
        If a scale or zero point with several numbers has neither one axis nor those of ``x``.

    ONNX: https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html
    """
    scale = broadcast_parameter(y_scale, x.shape, axis, block_size)
    y = np.asarray(x, precision) / np.asarray(scale, precision)
    y = np.asarray(y, np.float32)
    if y_zero_point is not None:
        zero_point = broadcast_parameter(y_zero_point, x.shape, axis, block_size)
        y = np.asarray(y + zero_point.astype(np.float32))
    if saturate:
        largest = _LARGEST[np.dtype(dtype).name]
        y = y.clip(-largest, largest)
    return y.astype(dtype)
