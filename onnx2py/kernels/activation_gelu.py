"""The error function and the Gaussian error linear unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._blocks import blocks
from ._precision import widened

ERF_SINGLE = (
    1.4185193e-07,
    -5.6684703e-06,
    8.7637294e-05,
    -6.1978458e-04,
    -1.9183093e-04,
    1.0276905e-01,
    1.1283792e00,
)
"""``artanh(erf(x)) / x`` as a polynomial in ``x * x``: minimax for ``x`` up to 4.2.

Beyond, it grows monotonically, so that its tanh is 1.
"""

GELU_SINGLE = tuple(
    np.array(number, np.float32)
    for number in (45.310234, 1382.4687, -23.591858, -147.03490, 65.239618, 0.018137993)
)
"""``e, d, c, b, a, k`` in ``k * (u + a + b / (u + c + d / (u + e)))`` with ``u = x * x``.

It is ``artanh(erf(x / sqrt(2))) / x``, minimax for ``x`` up to 6.

A division takes little more time than a product, and this is shorter than a polynomial.
Beyond 6, it grows monotonically, so that its tanh is 1.
"""

GELU_TANH = (-2 * 0.044715 * (2 / np.pi) ** 0.5, -2 * (2 / np.pi) ** 0.5)
"""``-2 * artanh(t) / x`` as a polynomial in ``x * x``, for the ``t`` of ``gelu_tanh``."""

ERF_CENTER = (
    -7.716908216715876e-10,
    1.3692611604910201e-08,
    -1.6205541483532732e-07,
    1.6447444776588677e-06,
    -1.4924762225664169e-05,
    0.0001205529639108856,
    -0.0008548325955932789,
    0.005223977602044645,
    -0.026866170641221404,
    0.1128379167091192,
    -0.37612638903181517,
    1.1283791670955128,
)
"""``erf(x) / x`` as a polynomial in ``x * x``, for ``x`` up to 1."""

ERF_TAIL = (
    -8.631720475990396e-06,
    -1.2313427405044222e-05,
    6.439871047446825e-05,
    4.523052858035816e-05,
    -0.0005971130747698741,
    0.0007077419594929261,
    0.004269139617167616,
    -0.02439249880109344,
    0.07166583710899624,
    -0.15011593651848112,
    0.24560380171305793,
    -0.3262335600428639,
    0.17900115118139065,
)
"""``(1 - erf(x)) * exp(x * x)`` in ``(x - 3) / (x + 3)``, for ``x`` from 1 to 6."""


def erf(x: NDArray[Any]) -> NDArray[Any]:
    """Return the error function, 2 / sqrt(pi) times the integral of exp(-t * t) to x.

    The relative error is at most 3e-7 for float32 and 1e-15 for float64. Integers are
    rounded toward zero.

    ONNX: https://onnx.ai/onnx/operators/onnx__Erf.html
    """
    if x.dtype.kind in "iu":
        return erf(x.astype(np.float64)).astype(x.dtype)
    wide = widened(x)
    y = np.empty_like(wide)
    for a, out in blocks(wide, y):
        if wide.dtype.itemsize == 8:
            out[...] = erf_double(a)
        else:
            tanh_of_odd_into(a, ERF_SINGLE, out)
    return y.astype(x.dtype, copy=False)


def tanh_of_odd_into(
    x: NDArray[Any], coefficients: Sequence[float], out: NDArray[Any]
) -> None:
    """Write ``tanh(x * p(x * x))`` to ``out``, where ``p`` is a polynomial."""
    odd_into(x, coefficients, out)
    np.tanh(out, out=out)


def odd_into(x: NDArray[Any], coefficients: Sequence[float], out: NDArray[Any]) -> None:
    """Write ``x * p(x * x)`` to ``out``, where ``p`` is a polynomial."""
    polynomial_into(np.asarray(np.square(x)), coefficients, out)
    out *= x


def erf_double(x: NDArray[Any]) -> NDArray[Any]:
    """Return the error function of float64."""
    size = np.minimum(np.absolute(x), 6.0)  # beyond, the result is 1
    square = np.asarray(size * size)
    center, tail = np.empty_like(square), np.empty_like(square)
    polynomial_into(square, ERF_CENTER, center)
    polynomial_into(np.asarray((size - 3.0) / (size + 3.0)), ERF_TAIL, tail)
    tail *= np.exp(-square)
    y = np.where(size < 1, center * x, np.copysign(1.0 - tail, x))
    return np.asarray(y)


def polynomial_into(
    x: NDArray[Any], coefficients: Sequence[float], out: NDArray[Any]
) -> None:
    """Write a polynomial in ``x`` to ``out``; the highest coefficient comes first."""
    np.multiply(x, coefficients[0], out=out)
    for coefficient in coefficients[1:-1]:
        out += coefficient
        out *= x
    out += coefficients[-1]


def gelu(x: NDArray[Any], bias: NDArray[Any] | None = None) -> NDArray[Any]:
    """Return ``0.5 * x * (1 + erf(x / sqrt(2)))``.

    ``bias``, if any, is added to ``x`` first.

    ONNX: https://onnx.ai/onnx/operators/onnx__Gelu.html
    """
    wide = widened(x)
    if bias is not None:
        wide = np.asarray(wide + widened(bias))
    y = np.empty_like(wide)
    for a, out in blocks(wide, y):
        if wide.dtype.itemsize == 8:
            out[...] = erf_double(a * 0.5**0.5)
        else:
            scaled_erf_into(a, out)
        halve_and_multiply_into(a, out)
    return y.astype(x.dtype, copy=False)


def scaled_erf_into(x: NDArray[Any], out: NDArray[Any]) -> None:
    """Write ``erf(x / sqrt(2))`` of float32 to ``out``, within 3e-7."""
    e, d, c, b, a, k = GELU_SINGLE
    square = np.square(x)
    np.add(square, e, out=out)
    np.divide(d, out, out=out)
    out += square
    out += c
    np.divide(b, out, out=out)
    out += square
    out += a
    out *= k
    out *= x
    np.tanh(out, out=out)


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


def halve_and_multiply_into(x: NDArray[Any], out: NDArray[Any]) -> None:
    """Write ``0.5 * x * (1 + out)`` to ``out``."""
    out += 1
    out *= 0.5
    out *= x
