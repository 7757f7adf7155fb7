"""Matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._continuation import Activation, continued
from ._precision import widened


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
