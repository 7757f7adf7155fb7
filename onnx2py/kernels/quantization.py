"""Linear quantization: real numbers as small integers, ``x = (q - zero_point) * scale``."""

from __future__ import annotations

from typing import Any, Optional, Union

import numpy as np
from numpy.typing import DTypeLike, NDArray

Parameter = Union[NDArray[Any], float]
"""A scale or a zero point: a number, or an array that broadcasts to the tensor."""

_INTEGER_RANGES = {
    np.dtype(np.int8): (np.float32(-128), np.float32(127)),
    np.dtype(np.uint8): (np.float32(0), np.float32(255)),
    np.dtype(np.int16): (np.float32(-32768), np.float32(32767)),
    np.dtype(np.uint16): (np.float32(0), np.float32(65535)),
}


def quantize_linear(
    x: NDArray[Any],
    y_scale: Parameter,
    y_zero_point: Parameter = 0,
    *,
    dtype: DTypeLike = np.uint8,
) -> NDArray[Any]:
    """Return ``x / y_scale + y_zero_point`` as integers.

    Quotients are rounded to the nearest integer, halves to the even one, and what does
    not fit into ``dtype`` becomes its smallest or largest number.

    Parameters
    ----------
    x : [...]
    y_scale, y_zero_point : numbers, or arrays that broadcast to ``x``
    dtype : int8, uint8, int16 or uint16; the type of the result

    ONNX: https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html
    """
    low, high = _INTEGER_RANGES[np.dtype(dtype)]
    return _rounded(x, y_scale, y_zero_point, low, high).astype(dtype)


def _rounded(
    x: NDArray[Any], scale: Parameter, zero_point: Parameter, low: Any, high: Any
) -> NDArray[Any]:
    """Return ``round(x / scale) + zero_point`` between the bounds, as float32."""
    y: NDArray[Any] = np.asarray(np.divide(x, scale, dtype=np.float32))
    np.rint(y, out=y)
    if not (isinstance(zero_point, int) and zero_point == 0):
        np.add(y, zero_point, out=y, casting="unsafe")
    # The method: np.clip is 1 us slower to call, maximum and minimum take three times as long.
    y.clip(low, high, out=y)
    return y


def dequantize_linear(
    x: NDArray[Any],
    x_scale: Parameter,
    x_zero_point: Parameter = 0,
    *,
    dtype: DTypeLike = np.float32,
) -> NDArray[Any]:
    """Return ``(x - x_zero_point) * x_scale``.

    Parameters
    ----------
    x : [...]
        Integers of any type, or small floats.
    x_scale, x_zero_point : numbers, or arrays that broadcast to ``x``
    dtype : the type of the result; types below float32 are computed in float32

    ONNX: https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html
    """
    y: NDArray[Any] = np.asarray(x, np.float32)
