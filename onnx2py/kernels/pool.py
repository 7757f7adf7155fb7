"""Means and norms of windows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._conv_windows import Pads
from ._pool import Pooling, pool_axis, pool_windows, pooling_axes
from ._precision import widened
from ._row_sums import sums_of_long_rows

_FEW_PLACES = 4096


def average_pool(
    x: NDArray[Any],
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    ceil_mode: bool = False,
    count_include_pad: bool = False,
) -> NDArray[Any]:
    """Return the mean of each window.

    Parameters
    ----------
    x : float[N, C, D...]
    kernel_shape : K..., the length of the window along each spatial axis, in elements
    strides, dilations : one int per spatial axis, in elements; 1 by default
    pads : elements added before each spatial axis, then after each; 0 by default.
        ``"SAME_UPPER"`` or ``"SAME_LOWER"``: chosen such that O = ceil(D / stride).
    ceil_mode : whether the division below rounds up. A window that would start in the
        padding at the end is dropped.
    count_include_pad : whether padding counts as zeros. Elements that ``ceil_mode`` adds
        beyond the padding never count.

    Returns
    -------
    y : float[N, C, O...]
        O = (D + pad_begin + pad_end - dilation * (K - 1) - 1) // stride + 1

    Raises
    ------
    ValueError
        If a window is longer than a padded axis by the stride or more.

    ONNX: https://onnx.ai/onnx/operators/onnx__AveragePool.html
    """
    axes = pooling_axes(x.shape[2:], kernel_shape, strides, pads, dilations, ceil_mode)
    dtype = x.dtype
    total = pool_windows(widened(x), axes, np.add, empty=0)
    if all(axis.counts_whole_windows(count_include_pad) for axis in axes):
        if prod(kernel_shape) > 1:  # else it may be x
            total /= total.dtype.type(prod(kernel_shape))
        return total.astype(dtype, copy=False)
    counts = [_counts(axis, count_include_pad) for axis in axes]
    # A product over axes: windows are boxes, and so are their parts that count.
    table = reduce(lambda table, count: table[..., None] * count, counts)
    return np.asarray(total / table.astype(total.dtype)).astype(dtype, copy=False)


def _counts(axis: Pooling, include_pad: bool) -> NDArray[np.int64]:
    """Return the number of elements that count in each window along one axis: [O]."""
    first = np.arange(axis.out)[:, None] * axis.stride - axis.pad_begin
    places = first + np.arange(axis.kernel) * axis.dilation  # [O, K]
    low = -axis.pad_begin if include_pad else 0
    high = axis.size + axis.pad_end if include_pad else axis.size
    return np.asarray(np.sum((places >= low) & (places < high), axis=1))


def lp_pool(
    x: NDArray[Any],
    *,
    kernel_shape: Sequence[int],
    p: float = 2,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    ceil_mode: bool = False,
) -> NDArray[Any]:
    """Return the ``p``-norm of each window: sum(|x| ** p) ** (1 / p).

    Parameters
    ----------
    x : float[N, C, D...]
    p : the exponent; 2 is the Euclidean norm
    kernel_shape : K..., the length of the window along each spatial axis, in elements
    strides, dilations : one int per spatial axis, in elements; 1 by default
    pads : elements added before each spatial axis, then after each; 0 by default.
        ``"SAME_UPPER"`` or ``"SAME_LOWER"``: chosen such that O = ceil(D / stride).
    ceil_mode : whether the division below rounds up. A window that would start in the
        padding at the end is dropped.

    Returns
    -------
    y : float[N, C, O...]
        O = (D + pad_begin + pad_end - dilation * (K - 1) - 1) // stride + 1

    Raises
    ------
    ValueError
        If a window is longer than a padded axis by the stride or more.

    ONNX: https://onnx.ai/onnx/operators/onnx__LpPool.html
    """
    axes = pooling_axes(x.shape[2:], kernel_shape, strides, pads, dilations, ceil_mode)
    total = pool_windows(np.abs(widened(x)) ** p, axes, np.add, empty=0)
    return np.asarray(total ** (1 / p)).astype(x.dtype, copy=False)


def global_average_pool(x: NDArray[Any]) -> NDArray[Any]:
    """Return the mean of each channel: [N, C, D...] -> [N, C, 1...].

    ONNX: https://onnx.ai/onnx/operators/onnx__GlobalAveragePool.html
    """
    wide, places = widened(x), prod(x.shape[2:])
    ones = np.ones(places, wide.dtype)
    if places > _FEW_PLACES:
        total = sums_of_long_rows(wide.reshape(*x.shape[:2], places))
    elif x.strides[1] == x.itemsize:  # channels last in memory
        rows = wide.transpose(0, *range(2, x.ndim), 1).reshape(
            len(x), places, x.shape[1]
        )
        total = np.matmul(ones, rows)
    else:  # a product sums several times as fast as np.mean
        total = np.matmul(wide.reshape(*x.shape[:2], places), ones)
    mean = total / wide.dtype.type(places)
    mean = np.asarray(mean).reshape(*x.shape[:2], *[1] * (x.ndim - 2))
    return mean.astype(x.dtype, copy=False)


def global_lp_pool(x: NDArray[Any], *, p: float = 2) -> NDArray[Any]:
    """Return the ``p``-norm of each channel: [N, C, D...] -> [N, C, 1...].

    ONNX: https://onnx.ai/onnx/operators/onnx__GlobalLpPool.html
    """
    axes = tuple(range(2, x.ndim))
    total = np.sum(np.abs(widened(x)) ** p, axis=axes, keepdims=True)
    return np.asarray(total ** (1 / p)).astype(x.dtype, copy=False)


def local_response_normalization(
    x: NDArray[Any],
    *,
    size: int,
    alpha: float = 0.0001,
    beta: float = 0.75,
    bias: float = 1.0,
) -> NDArray[Any]:
    """Normalize each element by the neighboring channels at its position.

    Parameters
    ----------
    x : float[N, C, D...]
    size : number of neighboring channels, with the element's own in the middle (for an
        even size, just before the middle)

    Returns
    -------
    y : float[N, C, D...]
        x / (bias + alpha / size * sum of the squares of the neighbors) ** beta

    ONNX: https://onnx.ai/onnx/operators/onnx__LRN.html
    """
    wide = widened(x)
    c = x.shape[1]
    before = (size - 1) // 2
    axis = Pooling(c, size, 1, 1, before, size - 1 - before, c)
    total = pool_axis(np.square(wide), 1, axis, np.add, empty=0)
    scale = (bias + (alpha / size) * total) ** -beta
    return np.asarray(wide * scale).astype(x.dtype, copy=False)
