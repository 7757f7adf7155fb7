"""Normalization to mean 0 and variance 1, without parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._precision import widened


def mean_variance_normalization(
    x: NDArray[Any],
    *,
    axes: tuple[int, ...] = (0, 2, 3),
    normalize_variance: bool = True,
) -> NDArray[Any]:
    """Normalize to mean 0, and to variance 1 if requested, over the ``axes`` that exist.

    Raises
    ------
    ValueError
        If ``x`` has none of the axes.

    ONNX: https://onnx.ai/onnx/operators/onnx__MeanVarianceNormalization.html
    """
    own = tuple({axis % x.ndim for axis in axes if -x.ndim <= axis < x.ndim})
    if not own:
        raise ValueError(
            f"axes: expected axes of an input of rank {x.ndim}, got {axes}"
        )
    if not x.size:
        return x.copy()  # np.mean would warn
    wide = widened(x)
    y = np.asarray(wide - np.mean(wide, own, keepdims=True))
    if normalize_variance:
        deviation = np.sqrt(np.mean(np.square(y), own, keepdims=True))
        y /= deviation + wide.dtype.type(1e-9)
    return y.astype(x.dtype, copy=False)
