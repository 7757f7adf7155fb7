"""The error function and the Gaussian error linear unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from ._blocks import blocks, in_float32

GELU_TANH = (0.044715 * (2 / np.pi) ** 0.5, (2 / np.pi) ** 0.5)
"""The same for what takes the place of ``erf(x / sqrt(2))`` in ``gelu_tanh``."""


def tanh_of_odd_into(
    x: NDArray[Any], coefficients: Sequence[float], out: NDArray[Any]
) -> None:
    """Write ``tanh(x * p(x * x))`` to ``out``, where ``p`` is a polynomial."""
    polynomial_into(np.asarray(np.square(x)), coefficients, out)
    out *= x
    np.tanh(out, out=out)


def polynomial_into(
    x: NDArray[Any], coefficients: Sequence[float], out: NDArray[Any]
) -> None:
    """Write a polynomial in ``x`` to ``out``; the highest coefficient comes first."""
    np.multiply(x, coefficients[0], out=out)
    for coefficient in coefficients[1:-1]:
        out += coefficient
        out *= x
    out += coefficients[-1]


def gelu_tanh(x: NDArray[Any], bias: Optional[NDArray[Any]] = None) -> NDArray[Any]:
    """Return ``0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))``.

    ``bias``, if any, is added to ``x`` first.

    ONNX: https://onnx.ai/onnx/operators/onnx__Gelu.html
    """
    if bias is not None:
        x = np.asarray(x + bias)
    if in_float32(x):
        return gelu_tanh(x.astype(np.float32)).astype(x.dtype)
    y = np.empty_like(x)
    for a, out in blocks(x, y):
        tanh_of_odd_into(a, GELU_TANH, out)
        halve_and_multiply_into(a, out)
    return y


def halve_and_multiply_into(x: NDArray[Any], out: NDArray[Any]) -> None:
    """Write ``0.5 * x * (1 + out)`` to ``out``."""
    out += 1
    out *= 0.5
    out *= x
