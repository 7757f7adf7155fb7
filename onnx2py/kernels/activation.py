"""Piecewise-linear activations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._blocks import blocks
from ._precision import wide_dtype, widened


def relu(x: NDArray[Any], *, out: NDArray[Any] | None = None) -> NDArray[Any]:
    """Return ``max(x, 0)``, of the dtype and shape of ``x``; write it to ``out`` if given.

    ONNX: https://onnx.ai/onnx/operators/onnx__Relu.html
    """
    return np.asarray(np.maximum(x, x.dtype.type(0), out=out))


def leaky_relu(x: NDArray[Any], *, alpha: float = 0.01) -> NDArray[Any]:
    """Return ``x`` where it is not negative, else ``alpha * x``.

    ONNX: https://onnx.ai/onnx/operators/onnx__LeakyRelu.html
    """
    wide = widened(x)
    slope = wide.dtype.type(alpha)
    if not 0 < alpha <= 1:
        return prelu(wide, slope).astype(x.dtype, copy=False)
    y = np.empty_like(wide)
    for a, out in blocks(wide, y):  # np.where takes 10 times as long
        np.multiply(a, slope, out=out)
        np.maximum(a, out, out=out)
    return y.astype(x.dtype, copy=False)


def prelu(x: NDArray[Any], slope: NDArray[Any]) -> NDArray[Any]:
    """Return ``x`` where it is not negative, else ``slope * x``.

    The two are broadcast together, ``x`` to the shape of ``slope`` too, as in onnxruntime.

    ONNX: https://onnx.ai/onnx/operators/onnx__PRelu.html
    """
    shape = np.broadcast(x, slope).shape
    if shape != x.shape:
        x = np.broadcast_to(x, shape)
    if not np.isfinite(slope).all():  # times 0 it would be NaN
        return np.asarray(np.where(x < 0, x * slope, x))
    zero = x.dtype.type(0)
    y = np.asarray(np.minimum(x, zero))  # np.where takes 5 times as long
    y *= slope
    y += np.maximum(x, zero)
    return y


def prelu_per_channel(x: NDArray[Any], slope: NDArray[Any]) -> NDArray[Any]:
    """Return ``prelu(x, slope)`` with one slope for all, or one for each channel.

    x : [N, C, D...]
    slope : [C] or [1]

    ONNX: https://onnx.ai/onnx/operators/onnx__PRelu.html
    """
    if slope.size > 1 and x.ndim > slope.ndim + 1:
        slope = slope.reshape(slope.shape + (1,) * (x.ndim - slope.ndim - 1))
    return prelu(x, slope)


def thresholded_relu(x: NDArray[Any], *, alpha: float = 1.0) -> NDArray[Any]:
    """Return ``x`` where it is above ``alpha``, else 0.

    ONNX: https://onnx.ai/onnx/operators/onnx__ThresholdedRelu.html
    """
    threshold = wide_dtype(x.dtype).type(alpha)
    return np.where(x > threshold, x, x.dtype.type(0))


def shrink(x: NDArray[Any], *, bias: float = 0.0, lambd: float = 0.5) -> NDArray[Any]:
    """Return ``x + bias`` below ``-lambd``, ``x - bias`` above ``lambd``, 0 between.

    Integers are computed as float32 and rounded toward zero, as in onnxruntime.

    ONNX: https://onnx.ai/onnx/operators/onnx__Shrink.html
    """
    a = x.astype(np.float32) if x.dtype.kind in "iu" else widened(x)
    number = a.dtype.type
    y = np.where(a > number(lambd), a - number(bias), number(0))
    y = np.where(a < number(-lambd), a + number(bias), y)
    return np.asarray(y.astype(x.dtype))


def hard_sigmoid(
    x: NDArray[Any], *, alpha: float = 0.2, beta: float = 0.5
) -> NDArray[Any]:
    """Return ``alpha * x + beta``, limited to 0...1.

    ONNX: https://onnx.ai/onnx/operators/onnx__HardSigmoid.html
    """
    wide = widened(x)
    y = np.empty_like(wide)
    for a, out in blocks(wide, y):
        np.multiply(a, alpha, out=out)
        out += beta
        out.clip(0, 1, out=out)
    return y.astype(x.dtype, copy=False)


def hard_swish(x: NDArray[Any]) -> NDArray[Any]:
    """Return ``x * h``, where h is ``x / 6 + 0.5``, limited to 0...1.

    ONNX: https://onnx.ai/onnx/operators/onnx__HardSwish.html
    """
    wide = widened(x)
    y = np.empty_like(wide)
    for a, out in blocks(wide, y):
        np.multiply(a, 1 / 6, out=out)
        out += 0.5
        out.clip(0, 1, out=out)
        out *= a
    return y.astype(x.dtype, copy=False)
