"""Matrix products."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._continuation import Activation, continued


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
