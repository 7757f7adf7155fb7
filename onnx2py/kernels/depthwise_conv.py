"""Convolution of each channel with a kernel of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._channels_last import (
    channels_second,
    padded_channels_last,
    view,
    windows_of,
)
from ._windows import Pads
from .packed_conv import packed_weight

SOME_CHANNELS = 64
"""From so many on, to sum windows that lie apart takes less time than to bring them together."""

MANY_CHANNELS = 192
"""From so many on, windows one by one take less time than those of a whole row."""


def conv_depthwise(
    x: NDArray[Any],
    weight: NDArray[Any],
    bias: NDArray[Any] | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
) -> NDArray[Any]:
    """Cross-correlate each channel of ``x`` with a kernel of its own.

    Parameters
    ----------
    x : [N, C, D...]
    weight : [K..., C]
    bias : [C], optional
    strides, pads, dilations : as for ``conv``

    Returns
    -------
    y : [N, C, O...]
        O = (D + pad_begin + pad_end - dilation * (K - 1) - 1) // stride + 1

    ONNX: https://onnx.ai/onnx/operators/onnx__Conv.html
    """
    *kernel_shape, c = weight.shape
    rank, dtype = len(kernel_shape), x.dtype
    x = padded_channels_last(x, c, kernel_shape, strides, pads, dilations)
    weight = weight.astype(x.dtype, copy=False)
    out_shape = windows_of(x, kernel_shape, strides, dilations).shape[: rank + 1]
    stride = strides[-1] if strides else 1
    if stride == 1 or c >= SOME_CHANNELS or (dilations and dilations[-1] > 1):
        y = sum_of_taps(x, weight, out_shape, strides, dilations)
        return channels_second(y, bias, dtype)
    # Every stride-th column is an image of its own, in which windows lie side by side.
    steps = (*(strides or ())[:-1], 1)
    images = (
        (np.ascontiguousarray(x[..., first::stride, :]), weight[..., first::stride, :])
        for first in range(min(stride, kernel_shape[-1]))
    )
    sums = (sum_of_taps(*image, out_shape, steps, dilations) for image in images)
    y = next(sums)
    for part in sums:
        y += part
    return channels_second(y, bias, dtype)


def sum_of_taps(
    x: NDArray[Any],
    weight: NDArray[Any],
    out_shape: tuple[int, ...],
    strides: Sequence[int] | None,
    dilations: Sequence[int] | None,
) -> NDArray[Any]:
    """Multiply windows of [N, D..., C] by [K..., C], and sum: [N, O..., C]."""
    *kernel_shape, c = weight.shape
    rank, length = len(kernel_shape), out_shape[-1]
    windows = windows_of(x, kernel_shape, strides, dilations)  # [N, O..., K..., C]
    steps = windows.strides
    if c < MANY_CHANNELS and steps[rank] == x.itemsize * c:
        # At stride 1, the windows of a whole row are one run: [N, O[:-1]..., K..., run].
        windows = view(
            x,
            (*out_shape[:-1], *kernel_shape, length * c),
            (*steps[:rank], *steps[rank + 1 : -1], x.itemsize),
        )
        weight = np.tile(weight, (1,) * rank + (length,))
    # einsum multiplies and adds in one go, where other functions need a temporary.
    axes = list(range(windows.ndim))
    inside, outside = axes[-1 - rank :], [*axes[: -1 - rank], axes[-1]]
    y = np.einsum(windows, axes, weight, inside, outside)
    return np.asarray(y).reshape(*out_shape, c)


def depthwise_weight(weight: NDArray[Any]) -> NDArray[Any]:
    """Lay out weights for ``conv_depthwise``: [C, 1, K...] -> [K..., C]."""
    packed = packed_weight(weight)
    return packed.reshape(*packed.shape[:-2], packed.shape[-1])
