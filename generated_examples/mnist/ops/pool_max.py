"""Max pooling and unpooling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._conv_windows import Pads
from ._pool import pool_windows, pooling_axes


def max_pool(
    x: NDArray[Any],
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    ceil_mode: bool = False,
) -> NDArray[Any]:
    """Return the maximum of each window.

    Parameters
    ----------
    x : [N, C, D...]
    kernel_shape : K..., the length of the window along each spatial axis, in elements
    strides, dilations : one int per spatial axis, in elements; 1 by default
    pads : elements added before each spatial axis, then after each; 0 by default.
        ``"SAME_UPPER"`` or ``"SAME_LOWER"``: chosen such that O = ceil(D / stride).
        Padding is never the maximum.
    ceil_mode : whether the division below rounds up. A window that would start in the
        padding at the end is dropped.

    Returns
    -------
    y : [N, C, O...]
        O = (D + pad_begin + pad_end - dilation * (K - 1) - 1) // stride + 1

    Raises
    ------
    ValueError
        If a window is longer than a padded axis by the stride or more.

    ONNX: https://onnx.ai/onnx/operators/onnx__MaxPool.html
    """
    axes = pooling_axes(x.shape[2:], kernel_shape, strides, pads, dilations, ceil_mode)
    return pool_windows(x, axes, np.maximum, empty=_lowest(x.dtype))


def _lowest(dtype: np.dtype[Any]) -> float:
    """Return the smallest number of a dtype."""
    return np.iinfo(dtype).min if dtype.kind in "iu" else -np.inf
