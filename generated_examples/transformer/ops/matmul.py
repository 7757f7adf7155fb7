"""Matrix products."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray


def project(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """Return ``a @ b`` for a single matrix ``b``.

    Parameters
    ----------
    a : [D..., K]
    b : [K, N]

    Returns
    -------
    y : [D..., N]

    ONNX: https://onnx.ai/onnx/operators/onnx__MatMul.html
    """
    # np.matmul(a, b) would call BLAS once for each matrix in a, up to 4 times slower.
    rows = a.reshape(prod(a.shape[:-1]), a.shape[-1])
    y = np.matmul(rows, b)
    return np.asarray(y).reshape(*a.shape[:-1], b.shape[1])


def linear(x: NDArray[Any], weight: NDArray[Any], bias: NDArray[Any]) -> NDArray[Any]:
    """Return ``x @ weight + bias`` for a single matrix ``weight``.

    Parameters
    ----------
    x : [D..., K]
    weight : [K, N]
    bias : [N], or with axes of length 1 before

    Returns
    -------
    y : [D..., N]

    ONNX: https://onnx.ai/onnx/operators/onnx__MatMul.html
    """
    y = project(x, weight)
    y += bias
    return y
