"""Normalization with statistics of the tensor itself."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._precision import widened
from ._row_sums import LONG, row_means

LARGE = 1 << 17
"""Elements whose squares do not fit into the cache."""


def layer_normalization(
    x: NDArray[Any],
    scale: NDArray[Any] | None = None,
    bias: NDArray[Any] | None = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
) -> NDArray[Any]:
    """Normalize over all axes from ``axis`` on to mean 0 and variance 1, then scale.

    Parameters
    ----------
    x : float[D...]
    scale, bias : broadcastable to x; none by default

    ONNX: https://onnx.ai/onnx/operators/onnx__LayerNormalization.html
    """
    wide = widened(x)
    y = standardized(as_rows(wide, axis), epsilon).reshape(x.shape)
    if scale is not None:
        y *= scale
    if bias is not None:
        y += bias
    return y if wide is x else y.astype(x.dtype)


def as_rows(x: NDArray[Any], axis: int) -> NDArray[Any]:
    """Flatten the axes before ``axis``, and those from ``axis`` on: [D..., E...] -> [N, L]."""
    return x.reshape(prod(x.shape[:axis]), prod(x.shape[axis:]))


def standardized(x: NDArray[Any], epsilon: float) -> NDArray[Any]:
    """Return a copy with mean 0 and variance 1 along the last axis."""
    y = np.subtract(x, row_means(x))
    variance = mean_squares(y)
    variance += epsilon
    y /= np.sqrt(variance, out=variance)
    return np.asarray(y)


def mean_squares(x: NDArray[Any]) -> NDArray[Any]:
    """Return the means of the squares along the last axis: [..., L] -> [..., 1]."""
    length = x.shape[-1]
    if x.ndim == 2 and x.size >= LARGE and length <= LONG:
        sums = np.einsum("ij,ij->i", x, x)
        return np.asarray(sums[:, None] / x.dtype.type(length))
    return row_means(np.square(x))
