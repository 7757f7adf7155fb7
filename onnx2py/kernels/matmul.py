"""Matrix products."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._continuation import Activation, continued
from ._precision import widened


def matmul(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """Return ``np.matmul(a, b)`` in the dtype of ``a``; small floats are multiplied in float32.

    ONNX: https://onnx.ai/onnx/operators/onnx__MatMul.html
    """
    y = np.matmul(widened(a), widened(b))
    return np.asarray(y).astype(a.dtype, copy=False)


def multiply(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """Return ``np.matmul(a, b)`` for float32; an engine may compute it.

    ONNX: https://onnx.ai/onnx/operators/onnx__MatMul.html
    """
    return np.asarray(np.matmul(a, b))


def project(
    a: NDArray[Any],
    b: NDArray[Any],
    *,
    plus: NDArray[Any] | None = None,
    activation: Activation | None = None,
) -> NDArray[Any]:
    """Return ``a @ b`` for a single matrix ``b``.

    Parameters
    ----------
    a : [D..., K]
    b : [K, N]
    plus : [D..., N], optional, added to the result
    activation : computed of each element of the sum, None for nothing

    Returns
    -------
    y : [D..., N]

    ONNX: https://onnx.ai/onnx/operators/onnx__MatMul.html
    """
    # np.matmul(a, b) would call BLAS once for each matrix in a, up to 4 times slower.
    rows = a.reshape(prod(a.shape[:-1]), a.shape[-1])
    y = np.asarray(np.matmul(rows, b)).reshape(*a.shape[:-1], b.shape[1])
    return continued(y, plus, activation)


def linear(
    x: NDArray[Any],
    weight: NDArray[Any],
    bias: NDArray[Any],
    *,
    plus: NDArray[Any] | None = None,
    activation: Activation | None = None,
) -> NDArray[Any]:
    """Return ``x @ weight + bias`` for a single matrix ``weight``.

    Parameters
    ----------
    x : [D..., K]
    weight : [K, N]
    bias : [N], or with axes of length 1 before
    plus : [D..., N], optional, added to the result
    activation : computed of each element of the sum, None for nothing

    Returns
    -------
    y : [D..., N]

    ONNX: https://onnx.ai/onnx/operators/onnx__MatMul.html
    """
    y = project(x, weight)
    y += bias
    return continued(y, plus, activation)


def gemm(
    a: NDArray[Any],
    b: NDArray[Any],
    c: NDArray[Any] | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    trans_a: bool = False,
    trans_b: bool = False,
    plus: NDArray[Any] | None = None,
    activation: Activation | None = None,
) -> NDArray[Any]:
    """Return ``alpha * a @ b + beta * c``, with a and b transposed if requested.

    Parameters
    ----------
    a : [M, K], or [K, M] if ``trans_a``
    b : [K, N], or [N, K] if ``trans_b``
    c : broadcastable to [M, N]; 0 by default
    plus : [M, N], optional, added to the result
    activation : computed of each element of the sum, None for nothing

    ONNX: https://onnx.ai/onnx/operators/onnx__Gemm.html
    """
    wide_a, wide_b = widened(a), widened(b)
    wide_a = wide_a.T if trans_a else wide_a
    y = np.asarray(np.matmul(wide_a, wide_b.T if trans_b else wide_b))
    if alpha != 1:
        y = (y * alpha).astype(y.dtype, copy=False)
    if c is not None:
        y += c if beta == 1 else (widened(c) * beta).astype(y.dtype, copy=False)
    return continued(y.astype(a.dtype, copy=False), plus, activation)
