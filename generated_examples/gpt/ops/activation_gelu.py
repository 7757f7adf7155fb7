"""The error function and the Gaussian error linear unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._blocks import blocks
from ._precision import widened

GELU_TANH = (-2 * 0.044715 * (2 / np.pi) ** 0.5, -2 * (2 / np.pi) ** 0.5)
"""``-2 * artanh(t) / x`` as a polynomial in ``x * x``, for the ``t`` of ``gelu_tanh``."""


def odd_into(x: NDArray[Any], coefficients: Sequence[float], out: NDArray[Any]) -> None:
    """Write ``x * p(x * x)`` to ``out``, where ``p`` is a polynomial."""
    polynomial_into(np.asarray(np.square(x)), coefficients, out)
    out *= x


def polynomial_into(
    x: NDArray[Any], coefficients: Sequence[float], out: NDArray[Any]
) -> None:
    """Write a polynomial in ``x`` to ``out``; the highest coefficient comes first."""
    np.multiply(x, coefficients[0], out=out)
    for coefficient in coefficients[1:-1]:
        out += coefficient
        out *= x
    out += coefficients[-1]


def gelu_tanh(x: NDArray[Any], bias: NDArray[Any] | None = None) -> NDArray[Any]:
    """Return ``0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))``.

    ``bias``, if any, is added to ``x`` first.

    ONNX: https://onnx.ai/onnx/operators/onnx__Gelu.html
    """
    wide = widened(x)
    if bias is not None:
        wide = np.asarray(wide + widened(bias))
    y = np.empty_like(wide)
    for a, out in blocks(wide, y):
        # 0.5 * (1 + tanh(u)) is 1 / (1 + exp(-2 * u)).
        odd_into(a, GELU_TANH, out)
        np.exp(out, out=out)
        out += 1
        np.divide(a, out, out=out)
    return y.astype(x.dtype, copy=False)
