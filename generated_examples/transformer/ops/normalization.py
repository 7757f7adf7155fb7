"""Normalisation by statistics of the tensor itself."""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from ._precision import widened
from ._sums import sums_of_long_rows


def layer_normalization(
    x: NDArray[Any],
    scale: Optional[NDArray[Any]] = None,
    bias: Optional[NDArray[Any]] = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
) -> NDArray[Any]:
    """Normalise over all axes from ``axis`` on to mean 0 and variance 1, then scale.

    Parameters
    ----------
    x : [D...]
    scale, bias : what broadcasts to x, none by default

    ONNX: https://onnx.ai/onnx/operators/onnx__LayerNormalization.html
    """
    wide = widened(x)
    if axis == -1 or axis == x.ndim - 1:
        y = standardized(wide, epsilon)
    else:
        rows = wide.reshape(*x.shape[:axis], prod(x.shape[axis:]))
        y = standardized(rows, epsilon).reshape(x.shape)
    if scale is not None:
        y *= scale
    if bias is not None:
        y += bias
    return y if wide is x else y.astype(x.dtype)


def standardized(x: NDArray[Any], epsilon: float) -> NDArray[Any]:
    """Return a copy with mean 0 and variance 1 along the last axis."""
    y = np.subtract(x, row_means(x))
    variance = row_means(np.square(y))
    variance += x.dtype.type(epsilon)
    y /= np.sqrt(variance, out=variance)
    return np.asarray(y)


def row_means(x: NDArray[Any]) -> NDArray[Any]:
    """Return the means along the last axis, which is kept: [..., N] -> [..., 1]."""
    length = x.shape[-1]
    if length > 4096:
        return np.asarray(sums_of_long_rows(x) / x.dtype.type(length))
    # A product takes half the time of a sum along the last axis.
    return np.asarray(np.matmul(x, _shares(length, x.dtype)))


@lru_cache(maxsize=64)
def _shares(length: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return a column of ``1 / length``."""
    return np.full((length, 1), 1 / max(length, 1), dtype)
