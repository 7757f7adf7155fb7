"""Linear quantization: an integer q represents ``(q - zero_point) * scale``."""

from __future__ import annotations

from typing import Any, Union

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ._blocks import blocks

Parameter = Union[NDArray[Any], np.floating[Any], float]

_RANGES = {
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
    precision: DTypeLike = np.float32,
) -> NDArray[Any]:
    """Return ``x / y_scale + y_zero_point`` as integers.

    Quotients are rounded half to even and saturated to the range of ``dtype``; NaN becomes
    its smallest number.

    Parameters
    ----------
    x : [...]
    y_scale, y_zero_point : numbers, or arrays broadcastable to ``x``
    dtype : int8, uint8, int16 or uint16; the type of the result
    precision : dtype of the division

    ONNX: https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html
    """
    low, high = _RANGES[np.dtype(dtype)]
    y = rounded_quotient(x, y_scale, y_zero_point, low, high, precision)
    return y.astype(dtype)


def rounded_quotient(
    x: NDArray[Any],
    scale: Parameter,
    zero_point: Parameter,
    low: Any,
    high: Any,
    precision: DTypeLike,
) -> NDArray[Any]:
    """Return ``round(x / scale) + zero_point``, limited to the bounds, as float32.

    NaN becomes ``low``.
    """
    y: NDArray[Any] = np.asarray(
        np.asarray(x, precision) / np.asarray(scale, precision)
    )
    np.rint(y, out=y)
    y = np.asarray(y, np.float32)
    if not (isinstance(zero_point, int) and zero_point == 0):
        y += np.asarray(zero_point, np.float32)
    # The method: np.minimum(np.maximum()) takes three times as long.
    y.clip(low, high, out=y)
    replace_nan(y, np.float32(low))
    return y


def replace_nan(y: NDArray[Any], low: Any) -> None:
    """Replace NaN by ``low``, the lower bound of ``y``, as onnxruntime does."""
    if y.size:
        least = np.minimum.reduce(y, None)
        if least != least:  # np.isnan, and y.min with a start, take 0.6 us longer
            y[np.isnan(y)] = low


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
    x_scale, x_zero_point : numbers, or arrays broadcastable to ``x``
    dtype : dtype of the result, which is computed in float32

    ONNX: https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html
    """
    if not (isinstance(x_zero_point, int) and x_zero_point == 0):
        if x.dtype.itemsize > 2:  # float32 does not hold every int32
            x = x - np.asarray(x_zero_point, x.dtype)
        else:
            x = x.astype(np.float32) - np.asarray(x_zero_point, np.float32)
    y = x.astype(np.float32) if x.dtype != np.float32 else x
    y = np.asarray(y * np.asarray(x_scale, np.float32))
    return y if y.dtype == dtype else y.astype(dtype)


def fake_quantize(
    x: NDArray[Any],
    scale: Parameter,
    zero_point: Parameter = 0,
    *,
    dtype: DTypeLike = np.uint8,
) -> NDArray[Any]:
    """Quantize and dequantize ``x``.

    The result is the same, but no integers are stored: ``x / scale`` is rounded half to
    even and limited to the range of ``dtype`` around the zero point.

    Parameters
    ----------
    x : float32[...]
    scale, zero_point : one number each
    dtype : int8, uint8, int16 or uint16

    ONNX: https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html
    """
    step = np.asarray(scale, np.float32)
    least, most = _RANGES[np.dtype(dtype)]
    low, high = least - zero_point, most - zero_point
    y = np.empty_like(x)
    for a, out in blocks(x, y):
        np.divide(a, step, out=out)
        np.rint(out, out=out)
        out.clip(low, high, out=out)
        replace_nan(out, low)
        out *= step
    return y


def dynamic_quantize_linear(
    x: NDArray[Any],
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Quantize to uint8 over the range of ``x``, extended to include 0.

    NaN has no part in the range, and becomes 0.

    Returns
    -------
    y : uint8[...]
    y_scale : float32[]
        (max(x, 0) - min(x, 0)) / 255, or 1 where ``x`` is all zero
    y_zero_point : uint8[]

    ONNX: https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html
    """
    scale, zero_point, is_finite = scale_and_zero_point(x)
    y = np.asarray(x / scale)
    np.rint(y, out=y)
    y += np.float32(zero_point)
    y.clip(np.float32(0), np.float32(255), out=y)
    if not is_finite:
        replace_nan(y, np.float32(0))
    return y.astype(np.uint8), np.asarray(scale), np.asarray(zero_point, np.uint8)


def dynamic_quantize_linear_centered(
    x: NDArray[Any],
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Quantize to uint8 over the range of ``x`` and 0; return floats minus the zero point.

    NaN has no part in the range, and becomes the smallest number.

    Returns
    -------
    y : float32[...]
        Integers.
    y_scale : float32[]
        (max(x, 0) - min(x, 0)) / 255, or 1 if ``x`` is all zero

    ONNX: https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html
    """
    scale, zero_point, is_finite = scale_and_zero_point(x)
    y = np.asarray(x / scale)
    np.rint(y, out=y)
    low = np.float32(-zero_point)
    y.clip(low, np.float32(255 - zero_point), out=y)
    if not is_finite:
        replace_nan(y, low)
    return y, np.asarray(scale)


def scale_and_zero_point(x: NDArray[Any]) -> tuple[Any, int, bool]:
    """Return the scale and the zero point that map ``x`` to uint8, and whether it is finite.

    NaN is ignored, as in onnxruntime, but for the last element of its groups of 8: if
    that is NaN, so is the scale.
    """
    low, high = np.float32(x.min(initial=0)), np.float32(x.max(initial=0))
    is_finite = bool(high - low < np.inf)
    if low != low:  # not always: fmin takes twice as long
        low = np.float32(np.fmin.reduce(x, None, initial=0))
        high = np.float32(np.fmax.reduce(x, None, initial=0))
        grouped = x.size // 8 * 8
        if grouped and np.isnan(x.flat[grouped - 1]):
            low = high = np.float32(np.nan)
    scale = np.float32(high - low) / np.float32(255) if high != low else np.float32(1)
    zero_point = int(max(0, min(255, np.rint(-low / scale))))  # 255 where that is NaN
    return scale, zero_point, is_finite


def quantize_linear_per_axis(
    x: NDArray[Any],
    y_scale: NDArray[Any],
    y_zero_point: NDArray[Any] | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    dtype: DTypeLike | None = None,
    precision: DTypeLike = np.float32,
) -> NDArray[Any]:
    """Quantize with one scale, one per slice of ``axis``, or one per block.

    Parameters
    ----------
    x : [...]
    y_scale, y_zero_point : [], [1], [length of ``axis``], or of the rank of ``x``
    block_size : elements of ``axis`` that share a scale, if its rank is that of ``x``
    dtype : dtype of the result; that of ``y_zero_point`` by default
    precision : dtype of the division

    Raises
    ------
    ValueError
        If a scale or zero point with several numbers has neither one axis nor those of ``x``.

    ONNX: https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html
    """
    scale = broadcast_parameter(y_scale, x.shape, axis, block_size)
    if y_zero_point is None:
        return quantize_linear(x, scale, dtype=dtype or np.uint8, precision=precision)
    zero_point = broadcast_parameter(y_zero_point, x.shape, axis, block_size)
    dtype = dtype or y_zero_point.dtype
    return quantize_linear(x, scale, zero_point, dtype=dtype, precision=precision)


def dequantize_linear_per_axis(
    x: NDArray[Any],
    x_scale: NDArray[Any],
    x_zero_point: NDArray[Any] | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    dtype: DTypeLike | None = None,
) -> NDArray[Any]:
    """Dequantize with one scale, one per slice of ``axis``, or one per block.

    Parameters
    ----------
    x : [...]
    x_scale, x_zero_point : [], [1], [length of ``axis``], or of the rank of ``x``
    block_size : elements of ``axis`` that share a scale, if its rank is that of ``x``
    dtype : dtype of the result; that of ``x_scale`` by default

    Raises
    ------
    ValueError
        If a scale or zero point with several numbers has neither one axis nor those of ``x``.

    ONNX: https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html
    """
    scale = broadcast_parameter(x_scale, x.shape, axis, block_size)
    dtype = dtype or x_scale.dtype
    if x_zero_point is None:
        return dequantize_linear(x, scale, dtype=dtype)
    zero_point = broadcast_parameter(x_zero_point, x.shape, axis, block_size)
    return dequantize_linear(x, scale, zero_point, dtype=dtype)


def broadcast_parameter(
    parameter: NDArray[Any], shape: tuple[int, ...], axis: int, block_size: int
) -> NDArray[Any]:
    """Return a view or copy of a scale or zero point, broadcastable to ``shape``.

    Raises
    ------
    ValueError
        If it has neither one element, nor one per slice of ``axis``, nor one per block.
    """
    if parameter.size == 1 and not block_size:
        return parameter.reshape(())
    if parameter.ndim == 1 and not block_size:
        after = len(shape) - 1 - axis if axis >= 0 else -1 - axis
        return parameter.reshape((-1,) + (1,) * after)
    if parameter.ndim != len(shape):
        raise ValueError(
            f"scale or zero point: expected rank {len(shape)}, got {parameter.shape}"
        )
    # By default, the only size that ONNX's rules allow for whole blocks.
    size = block_size or -(-shape[axis] // max(parameter.shape[axis], 1))
    spread = np.repeat(parameter, size, axis)
    keep = [slice(None)] * len(shape)
    keep[axis] = slice(shape[axis])
    return spread[tuple(keep)]
