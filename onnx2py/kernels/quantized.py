"""Sums, products and matrix products of quantized tensors, rounded as in onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

import numpy as np
from numpy.typing import NDArray

from ._conv_windows import Pads
from .conv_integer import Scalar, qlinear_conv
from .quantization import dequantize_linear, quantize_linear

Parameter = Union[NDArray[Any], np.floating[Any], float]


def qlinear_add(
    a: NDArray[Any],
    a_scale: Parameter,
    a_zero_point: Parameter,
    b: NDArray[Any],
    b_scale: Parameter,
    b_zero_point: Parameter,
    c_scale: Parameter,
    c_zero_point: Parameter = 0,
) -> NDArray[Any]:
    """Return the quantized sum of two quantized tensors of the same dtype.

    As onnxruntime does on x86, this computes ``a * ratio_a + (b * ratio_b + fixed)`` with
    fused multiply-add: float64 represents every such product exactly.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.QLinearAdd
    """
    if a.shape[-1:] in ((), (1,)) and b.shape[-1:] not in ((), (1,)):
        # In onnxruntime, the operand that is broadcast comes second.
        a, a_scale, a_zero_point, b, b_scale, b_zero_point = (
            *(b, b_scale, b_zero_point),
            *(a, a_scale, a_zero_point),
        )
    scale, zero_point = _number(c_scale), _number(c_zero_point)
    ratio_a = np.float64(_number(a_scale) / scale)
    ratio_b = np.float64(_number(b_scale) / scale)
    zero_b = np.float32(ratio_b * _number(b_zero_point))
    zeros = np.float32(ratio_a * _number(a_zero_point) + zero_b)
    y = (b * ratio_b + (zero_point - zeros)).astype(np.float32)
    y = (a * ratio_a + y).astype(np.float32)
    return quantize_linear(y, 1, dtype=a.dtype)


def _number(parameter: Parameter) -> np.float32:
    """Return a scale or zero point, which may be an array of one element, as a number."""
    if isinstance(parameter, np.ndarray):
        parameter = parameter.item()
    return np.float32(parameter)


def qlinear_mul(
    a: NDArray[Any],
    a_scale: Parameter,
    a_zero_point: Parameter,
    b: NDArray[Any],
    b_scale: Parameter,
    b_zero_point: Parameter,
    c_scale: Parameter,
    c_zero_point: Parameter = 0,
) -> NDArray[Any]:
    """Return the quantized product of two quantized tensors of the same dtype.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.QLinearMul
    """
    ratio = _number(a_scale) * _number(b_scale) / _number(c_scale)
    y = a.astype(np.float32) - _number(a_zero_point)
    y = y * (b.astype(np.float32) - _number(b_zero_point))
    y = y * ratio + _number(c_zero_point)
    return quantize_linear(y, 1, dtype=a.dtype)


def qgemm(
    a: NDArray[Any],
    a_scale: Parameter,
    a_zero_point: Parameter,
    b: NDArray[Any],
    b_scale: Parameter,
    b_zero_point: Parameter,
    c: NDArray[Any] | None = None,
    y_scale: Parameter | None = None,
    y_zero_point: Parameter | None = None,
    *,
    alpha: float = 1.0,
    trans_a: bool = False,
    trans_b: bool = False,
) -> NDArray[Any]:
    """Return ``alpha * (A @ B + c)`` of quantized matrices, A = (a - zero point) * scale.

    Parameters
    ----------
    a : [M, K], or [K, M] with ``trans_a``
    b : [K, N], or [N, K] with ``trans_b``; its scale and zero point may be [N]. Or ``b``
        minus its zero point, as floats in which all sums are exact
    c : int32, broadcastable to [M, N], in units of the product of the scales

    Returns
    -------
    y : [M, N]
        Of the dtype of ``a``, or float32 if there is no ``y_scale``.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.QGemm
    """
    a = a.T if trans_a else a
    b = b.T if trans_b else b
    if b.dtype.kind == "f":
        y: NDArray[Any] = np.matmul(np.subtract(a, a_zero_point, dtype=b.dtype), b)
    else:
        # Sums of this few products are exact in float32; np.matmul of integers is 100 times slower.
        exact: type = np.float32 if a.shape[-1] <= 256 else np.float64
        left = np.subtract(a, a_zero_point, dtype=exact)
        y = np.matmul(left, np.subtract(b, b_zero_point, dtype=exact))
    if c is not None:
        y = y.astype(np.float64) + c
    scale: Any = (
        np.float32(alpha) * np.float32(a_scale) * np.asarray(b_scale, np.float32)
    )
    if y_scale is None:
        return np.asarray(y.astype(np.float32) * scale)
    scale = scale / np.asarray(y_scale, np.float32)
    y = np.asarray(y.astype(np.float32) * scale)
    return quantize_linear(y, 1, y_zero_point or 0, dtype=a.dtype)


def qlinear_conv_channels_last(
    x: NDArray[Any],
    x_scale: Scalar,
    x_zero_point: Scalar,
    weight: NDArray[Any],
    weight_scale: Scalar | Sequence[float],
    weight_zero_point: Scalar | Sequence[int],
    y_scale: Scalar,
    y_zero_point: NDArray[Any],
    bias: NDArray[Any] | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
) -> NDArray[Any]:
    """Convolve quantized channels-last tensors: [N, D..., C] -> [N, O..., M].

    Raises
    ------
    ValueError
        If the numbers of channels of ``x`` and ``weight`` do not match, or the kernel is longer
        than the padded image.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.QLinearConv
    """
    y = qlinear_conv(
        np.moveaxis(x, -1, 1),
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
    return np.ascontiguousarray(np.moveaxis(y, 1, -1))


def qlinear_where(
    condition: NDArray[np.bool_],
    x: NDArray[Any],
    x_scale: Parameter,
    x_zero_point: Parameter,
    y: NDArray[Any],
    y_scale: Parameter,
    y_zero_point: Parameter,
    z_scale: Parameter,
    z_zero_point: Parameter,
) -> NDArray[Any]:
    """Select from quantized ``x`` and ``y`` by ``condition``, requantized to one scale.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.QLinearWhere
    """
    chosen = [
        quantize_linear(
            dequantize_linear(part, _number(scale), _number(zero)),
            _number(z_scale),
            _number(z_zero_point),
            dtype=x.dtype,
        )
        for part, scale, zero in (
            (x, x_scale, x_zero_point),
            (y, y_scale, y_zero_point),
        )
    ]
    return np.where(condition, *chosen)


def qlinear_reduce_mean(
    x: NDArray[Any],
    x_scale: Parameter,
    x_zero_point: Parameter,
    y_scale: Parameter,
    y_zero_point: Parameter = 0,
    *,
    axes: Sequence[int] = (),
    keepdims: bool = True,
) -> NDArray[Any]:
    """Return the quantized mean of a quantized tensor along ``axes`` (all if None).

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.QLinearReduceMean
    """
    real = dequantize_linear(x, x_scale, x_zero_point)
    mean = np.asarray(np.mean(real, axis=tuple(axes) or None, keepdims=keepdims))
    return quantize_linear(mean, y_scale, y_zero_point, dtype=x.dtype)
