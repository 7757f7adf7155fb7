"""Functions of a quantized byte, computed as tables of 256 entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .activation_exponential import sigmoid
from .quantization import dequantize_linear, quantize_linear

Parameter = Union[NDArray[Any], np.floating[Any], float]


def qlinear_sigmoid(
    x: NDArray[Any],
    x_scale: Parameter,
    x_zero_point: Parameter,
    y_scale: Parameter,
    y_zero_point: Parameter = 0,
) -> NDArray[Any]:
    """Return the quantized ``1 / (1 + exp(-x))`` of a quantized tensor.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.QLinearSigmoid
    """
    real = all_real_values(x.dtype, x_scale, x_zero_point)
    table = quantize_linear(sigmoid(real), y_scale, y_zero_point, dtype=x.dtype)
    return np.take(table, x)


def qlinear_leaky_relu(
    x: NDArray[Any],
    x_scale: Parameter,
    x_zero_point: Parameter,
    y_scale: Parameter,
    y_zero_point: Parameter = 0,
    *,
    alpha: float = 0.01,
) -> NDArray[Any]:
    """Return the quantized leaky ReLU of a quantized tensor.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.QLinearLeakyRelu
    """
    real = all_real_values(x.dtype, x_scale, x_zero_point)
    real = np.where(real >= 0, real, np.float32(alpha) * real)
    return np.take(quantize_linear(real, y_scale, y_zero_point, dtype=x.dtype), x)


def qlinear_concat(
    y_scale: Parameter,
    y_zero_point: Parameter,
    tensors: Sequence[NDArray[Any]],
    scales: Sequence[Parameter],
    zero_points: Sequence[Parameter],
    *,
    axis: int,
) -> NDArray[Any]:
    """Concatenate quantized tensors along an axis, after requantizing them to one scale.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.QLinearConcat
    """
    parts = []
    for x, scale, zero_point in zip(tensors, scales, zero_points):
        if not (scale == y_scale and zero_point == y_zero_point):
            real = all_real_values(x.dtype, scale, zero_point)
            x = np.take(quantize_linear(real, y_scale, y_zero_point, dtype=x.dtype), x)
        parts.append(x)
    return np.concatenate(parts, axis)


def all_real_values(
    dtype: DTypeLike, scale: Parameter, zero_point: Parameter
) -> NDArray[Any]:
    """Return the value of each byte; a signed byte indexes the table from its end."""
    return dequantize_linear(np.arange(256).astype(dtype), scale, zero_point)


def qlinear_softmax(
    x: NDArray[Any],
    x_scale: Parameter,
    x_zero_point: Parameter | None,
    y_scale: Parameter,
    y_zero_point: Parameter = 0,
    *,
    axis: int = -1,
    flatten: bool = False,
) -> NDArray[Any]:
    """Return the quantized softmax of a quantized tensor, in the dtype of ``x``.

    Parameters
    ----------
    x : [...]
    axis : the axis along which results sum to 1
    flatten : whether to treat all axes from ``axis`` on as one, as before opset 13

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.QLinearSoftmax
    """
    if not x.size:
        return x
    if flatten:
        rows = int(np.prod(x.shape[: axis % x.ndim]))
        flat = qlinear_softmax(
            x.reshape(rows, -1),
            *(x_scale, x_zero_point, y_scale, y_zero_point),
        )
        return flat.reshape(x.shape)
    table = softmax_exponentials(np.asarray(x_scale).item(), x.shape[axis])
    below = np.subtract(x.max(axis, keepdims=True), x, dtype=np.int16)
    y = np.take(table, 255 - below)
    # Summed sequentially, as in onnxruntime; np.sum adds pairwise and may differ in a bit.
    total = np.take(np.cumsum(y, axis), [-1], axis)
    steps = np.floor(np.float32(1) / np.asarray(y_scale, np.float32))
    # Exponentials fill the range of float32: without the power of two, products may overflow.
    y *= steps * np.float32(2**-10)
    y /= total * np.float32(2**-10)
    return quantize_linear(y, 1, y_zero_point, dtype=x.dtype)


def softmax_exponentials(x_scale: float, length: int) -> NDArray[Any]:
    """Return ``exp(x_scale * (i - 255))`` for each byte, times a power of two for precision."""
    room = max(0.0, np.log(np.float64(np.finfo(np.float32).max) / length) - 5.0)
    steps = np.arange(-255.0, 1.0) + room / x_scale
    return np.asarray(np.exp(steps * x_scale), np.float32)
