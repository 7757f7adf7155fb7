"""Activations that use exponentials."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._blocks import blocks
from ._precision import widened


def sigmoid(x: NDArray[Any]) -> NDArray[Any]:
    """Return ``1 / (1 + exp(-x))``.

    Where ``exp(-x)`` overflows to infinity, the result is 0, which is correct.

    ONNX: https://onnx.ai/onnx/operators/onnx__Sigmoid.html
    """
    wide = widened(x)
    y = np.empty_like(wide)
    for a, out in blocks(wide, y):
        np.negative(a, out=out)
        np.exp(out, out=out)
        out += 1
        np.reciprocal(out, out=out)
    return y.astype(x.dtype, copy=False)


def swish(x: NDArray[Any], *, alpha: float = 1.0) -> NDArray[Any]:
    """Return ``x * sigmoid(alpha * x)``; also known as SiLU.

    ONNX: https://onnx.ai/onnx/operators/onnx__Swish.html
    """
    wide = widened(x)
    y = np.empty_like(wide)
    for a, out in blocks(wide, y):
        np.multiply(a, -alpha, out=out)
        np.exp(out, out=out)
        out += 1
        np.divide(a, out, out=out)
    return y.astype(x.dtype, copy=False)


def swiglu(a: NDArray[Any], b: NDArray[Any], *, alpha: float = 1.0) -> NDArray[Any]:
    """Return ``a / (1 + exp(-alpha * a)) * b``, the value b gated by a.

    ONNX: https://onnx.ai/onnx/operators/onnx__SwiGLU.html
    """
    return np.asarray(np.multiply(swish(a, alpha=alpha), b))


def softplus(x: NDArray[Any]) -> NDArray[Any]:
    """Return ``log(exp(x) + 1)``.

    ONNX: https://onnx.ai/onnx/operators/onnx__Softplus.html
    """
    wide = widened(x)
    y = np.empty_like(wide)
    for a, out in blocks(wide, y):  # np.logaddexp(x, 0) takes 10 times as long
        np.absolute(a, out=out)
        np.negative(out, out=out)
        np.exp(out, out=out)
        out += 1
        np.log(out, out=out)
        out += np.maximum(a, 0)
    return y.astype(x.dtype, copy=False)


def softsign(x: NDArray[Any]) -> NDArray[Any]:
    """Return ``x / (1 + |x|)``.

    ONNX: https://onnx.ai/onnx/operators/onnx__Softsign.html
    """
    wide = widened(x)
    y = np.empty_like(wide)
    for a, out in blocks(wide, y):
        np.absolute(a, out=out)
        out += 1
        np.divide(a, out, out=out)
    return y.astype(x.dtype, copy=False)


def mish(x: NDArray[Any]) -> NDArray[Any]:
    """Return ``x * tanh(softplus(x))``.

    With ``n = exp(x) * (exp(x) + 2)`` this is ``x * n / (n + 2)``, with one exponential.

    ONNX: https://onnx.ai/onnx/operators/onnx__Mish.html
    """
    wide = widened(x)
    y = np.empty_like(wide)
    for a, out in blocks(wide, y):
        n = np.exp(np.minimum(a, 20))  # beyond, n / (n + 2) is 1
        n = n * (n + n.dtype.type(2))
        np.add(n, 2, out=out)
        np.divide(n, out, out=out)
        out *= a
    return y.astype(x.dtype, copy=False)


def elu(x: NDArray[Any], *, alpha: float = 1.0) -> NDArray[Any]:
    """Return ``x`` where it is positive, else ``alpha * (exp(x) - 1)``.

    ONNX: https://onnx.ai/onnx/operators/onnx__Elu.html
    """
    return scaled_elu(x, alpha=alpha)


def selu(
    x: NDArray[Any],
    *,
    alpha: float = 1.6732632,
    gamma: float = 1.050701,
) -> NDArray[Any]:
    """Return ``gamma * elu(x)``.

    ONNX: https://onnx.ai/onnx/operators/onnx__Selu.html
    """
    return scaled_elu(x, alpha=alpha, gamma=gamma)


def celu(x: NDArray[Any], *, alpha: float = 1.0) -> NDArray[Any]:
    """Return ``max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0)``.

    ONNX: https://onnx.ai/onnx/operators/onnx__Celu.html
    """
    return scaled_elu(x, alpha=alpha, divisor=alpha)


def scaled_elu(
    x: NDArray[Any], *, alpha: float, gamma: float = 1.0, divisor: float = 1.0
) -> NDArray[Any]:
    """Return ``gamma`` times ``x`` or, below 0, ``alpha * (exp(x / divisor) - 1)``.

    ONNX: https://onnx.ai/onnx/operators/onnx__Elu.html
    """
    wide = widened(x)
    y = np.empty_like(wide)
    for a, out in blocks(wide, y):  # np.where takes 5 times as long
        np.minimum(a, 0, out=out)
        if divisor != 1:
            out /= divisor
        np.exp(out, out=out)
        out -= 1
        if alpha * gamma != 1:
            out *= alpha * gamma
        positive = np.maximum(a, 0)
        out += positive if gamma == 1 else positive * a.dtype.type(gamma)
    return y.astype(x.dtype, copy=False)
