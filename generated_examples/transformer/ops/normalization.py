"""Normalisation by statistics of the tensor itself."""

from __future__ import annotations

from math import prod
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from ._precision import widened


def layer_normalization(
    x: NDArray[Any],
    scale: NDArray[Any],
    bias: Optional[NDArray[Any]] = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
) -> NDArray[Any]:
    """Normalise over all axes from ``axis`` on to mean 0 and variance 1, then scale.

    Parameters
    ----------
    x : [D...]
    scale, bias : what broadcasts to x

    ONNX: https://onnx.ai/onnx/operators/onnx__LayerNormalization.html
    """
    wide = widened(x)
    if axis != -1 and axis != x.ndim - 1:
        wide = wide.reshape(*x.shape[:axis], prod(x.shape[axis:]))
    y = standardized(wide, epsilon).reshape(x.shape)
    y *= scale
    if bias is not None:
        y += bias
    return y.astype(x.dtype, copy=False)


def standardized(x: NDArray[Any], epsilon: float) -> NDArray[Any]:
    """Return a copy with mean 0 and variance 1 along the last axis."""
    length = x.dtype.type(max(x.shape[-1], 1))
    mean = np.add.reduce(x, -1, keepdims=True)
    mean /= length
    y = np.subtract(x, mean)
    if length > 4096:  # einsum adds one after another, which loses digits in long rows
        variance = np.add.reduce(np.square(y), -1, keepdims=True)
    else:  # unlike np.square and a sum, einsum needs no temporary
        variance = np.einsum("...i,...i->...", y, y)[..., None]
    variance = variance / length + x.dtype.type(epsilon)
    y *= 1 / np.sqrt(variance)
    return np.asarray(y)
