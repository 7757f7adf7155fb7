"""The error function and the Gaussian error linear unit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._blocks import blocks, in_float32

ERF_SINGLE = (
    1.4185193e-07,
    -5.6684703e-06,
    8.7637294e-05,
    -6.1978458e-04,
    -1.9183093e-04,
    1.0276905e-01,
    1.1283792e00,
)
"""``artanh(erf(x)) / x`` as a polynomial in ``x * x``, minimax for ``x * x < 17.6``."""


def erf(x: NDArray[Any]) -> NDArray[Any]:
    """Return the error function, 2 / sqrt(pi) times the integral of exp(-t * t) to x.

    The relative error is at most 3e-7 for float32.

    ONNX: https://onnx.ai/onnx/operators/onnx__Erf.html
    """
    if in_float32(x):
        return erf(x.astype(np.float32)).astype(x.dtype)
    y = np.empty_like(x)
    for a, out in blocks(x, y):
        erf_into(a, out)
    return y


def erf_into(x: NDArray[Any], out: NDArray[Any]) -> None:
    """Write the error function of ``x`` to ``out``, which is not ``x``."""
    square = np.asarray(np.square(x))
    np.minimum(square, 17.6, out=square)  # beyond, the result is 1
    np.multiply(square, ERF_SINGLE[0], out=out)
    for coefficient in ERF_SINGLE[1:-1]:
        out += coefficient
        out *= square
    out += ERF_SINGLE[-1]
    out *= x
    np.tanh(out, out=out)


def gelu(x: NDArray[Any]) -> NDArray[Any]:
    """Return ``0.5 * x * (1 + erf(x / sqrt(2)))``.

    ONNX: https://onnx.ai/onnx/operators/onnx__Gelu.html
    """
    if in_float32(x):
        return gelu(x.astype(np.float32)).astype(x.dtype)
    y = np.empty_like(x)
    for a, out in blocks(x, y):
        erf_into(a * a.dtype.type(0.5**0.5), out)
        out += 1
        out *= 0.5
        out *= a
    return y


def gelu_tanh(x: NDArray[Any]) -> NDArray[Any]:
    """Return ``0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))``.

    ONNX: https://onnx.ai/onnx/operators/onnx__Gelu.html
    """
    if in_float32(x):
        return gelu_tanh(x.astype(np.float32)).astype(x.dtype)
    y = np.empty_like(x)
    scale = (2 / np.pi) ** 0.5
    for a, out in blocks(x, y):
        np.square(a, out=out)
        out *= 0.044715 * scale
        out += scale
        out *= a
        np.tanh(out, out=out)
        out += 1
        out *= 0.5
        out *= a
    return y
