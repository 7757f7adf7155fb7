"""Max pooling with a mask."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._conv_windows import EVERY_CHANNEL, Pads
from ._pool import pool_windows, pooling_axes


def max_pool_with_mask(
    x: NDArray[Any],
    mask: NDArray[Any],
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    pads: Pads = None,
) -> NDArray[Any]:
    """Return the maximum of each window, up to the first masked element of each row.

    Parameters
    ----------
    x : [N, C, D...]
    mask : int32 [N', C', D...]
        0 ends the row of a window. As in onnxruntime, the mask of channel c of all N * C
        starts at element (c * prod(D)) % (N' * C'); with more than one spatial axis, the
        first element of a channel is never masked.
    kernel_shape : K..., the length of the window along each spatial axis, in elements
    strides : one int per spatial axis, in elements; 1 by default
    pads : elements added before each spatial axis, then after each; 0 by default.
        ``"SAME_UPPER"`` or ``"SAME_LOWER"``: chosen such that O = ceil(D / stride).

    Returns
    -------
    y : [N, C, O...]
        O = (D + pad_begin + pad_end - K) // stride + 1; the smallest number of the dtype
        for an empty window.

    Raises
    ------
    ValueError
        If a window is longer than a padded axis by the stride or more.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MaxpoolWithMask
    """
    *others, last = pooling_axes(x.shape[2:], kernel_shape, strides, pads, None, False)
    lowest = np.finfo(x.dtype).min
    kept = _mask_of_each_channel(mask, x.shape)
    if x.ndim > 3 and kept.size:
        kept[EVERY_CHANNEL + (0,) * (x.ndim - 2)] = True
    shape = (*x.shape[:-1], last.out)
    y, open_ = np.full(shape, lowest, x.dtype), np.ones(shape, np.bool_)
    for results, elements in last.taps():
        open_[..., results] &= kept[..., elements]
        seen = np.where(open_[..., results], x[..., elements], lowest)
        y[..., results] = np.fmax(y[..., results], seen)
    return pool_windows(y, others, np.fmax, empty=float(lowest))


def _mask_of_each_channel(
    mask: NDArray[Any], shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    """Return which elements of each channel are not masked."""
    length, channels = prod(shape[2:]), shape[0] * shape[1]
    starts = np.arange(channels) * length % max(prod(mask.shape[:2]), 1)
    places = starts[:, None] + np.arange(length)
    return np.asarray(mask.reshape(-1)[places] != 0).reshape(shape)
