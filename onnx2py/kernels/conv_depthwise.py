"""Depthwise convolution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._continuation import Activation, continued
from ._conv_channels_last import (
    channels_second,
    padded_channels_last,
    strided_view,
    windows_channels_last,
)
from ._conv_windows import Pads
from .conv_packed import packed_weight

SOME_CHANNELS = 64
"""Minimum size for which summing strided windows is faster than copying them together."""

RUN = range(256, 1537)
"""Elements multiplied at once: fewer mean more calls, more do not fit into the cache."""


def conv_depthwise(
    x: NDArray[Any],
    weight: NDArray[Any],
    bias: NDArray[Any] | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    plus: NDArray[Any] | None = None,
    activation: Activation | None = None,
) -> NDArray[Any]:
    """Cross-correlate each channel of ``x`` with its own kernel.

    Parameters
    ----------
    x : float[N, C, D...]
    weight : float[K..., C]
    bias : float[C], optional
    strides, dilations : one int per spatial axis, in elements; 1 by default
    pads : elements added before each spatial axis, then after each; 0 by default.
        ``"SAME_UPPER"`` or ``"SAME_LOWER"``: chosen such that O = ceil(D / stride).
    plus : float[N, C, O...], optional, added to the result
    activation : computed of each element of the sum, None for nothing

    Returns
    -------
    y : float[N, C, O...]
        O = (D + pad_begin + pad_end - dilation * (K - 1) - 1) // stride + 1

    Raises
    ------
    ValueError
        If the numbers of channels of ``x`` and ``weight`` do not match, or the kernel is longer
        than the padded image.

    ONNX: https://onnx.ai/onnx/operators/onnx__Conv.html
    """
    *kernel_shape, c = weight.shape
    rank, dtype = len(kernel_shape), x.dtype
    x = padded_channels_last(x, c, kernel_shape, strides, pads, dilations)
    weight = weight.astype(x.dtype, copy=False)
    windows = windows_channels_last(x, kernel_shape, strides, dilations)
    out_shape = windows.shape[: rank + 1]
    stride = strides[-1] if strides else 1
    if stride == 1 or c >= SOME_CHANNELS or (dilations and dilations[-1] > 1):
        y = sum_of_taps(x, weight, out_shape, strides, dilations)
        return continued(channels_second(y, bias, dtype), plus, activation)
    # Every stride-th column forms an image in which windows are adjacent.
    steps = (*(strides or ())[:-1], 1)
    images = (
        (np.ascontiguousarray(x[..., first::stride, :]), weight[..., first::stride, :])
        for first in range(min(stride, kernel_shape[-1]))
    )
    sums = (sum_of_taps(*image, out_shape, steps, dilations) for image in images)
    y = next(sums)
    for part in sums:
        y += part
    return continued(channels_second(y, bias, dtype), plus, activation)


def sum_of_taps(
    x: NDArray[Any],
    weight: NDArray[Any],
    out_shape: tuple[int, ...],
    strides: Sequence[int] | None,
    dilations: Sequence[int] | None,
) -> NDArray[Any]:
    """Multiply windows of [N, D..., C] by [K..., C], and sum: [N, O..., C].

    For ``x`` [1, 30, 30, 32], ``weight`` [3, 3, 32] and stride 1, the steps have these shapes::

        windows  [1, 28, 28, 3, 3, 32]     N, place of the window, place in it, C
        windows  [1, 28, 1, 3, 3, 28 * 32] a row of windows as one: the elements that they
                                           multiply by one tap are a run in memory
        weight   [3, 3, 28 * 32]           repeated to match
        y        [1, 28, 1, 28 * 32]       summed over 3 x 3, in memory [1, 28, 28, 32]

    Raises
    ------
    ValueError
        If a window is longer than the tensor.
    """
    *kernel_shape, c = weight.shape
    rank, length = len(kernel_shape), out_shape[-1]
    windows = windows_channels_last(x, kernel_shape, strides, dilations)
    # An image of every other column may have one window too many.
    windows = windows[tuple(map(slice, out_shape))]
    steps = windows.strides
    places = _places_in_a_run(length, c)
    if places > 2 and steps[rank] == x.itemsize * c:
        # At stride 1, adjacent windows form one run: [N, O..., K..., run].
        windows = strided_view(
            x,
            (*out_shape[:-1], length // places, *kernel_shape, places * c),
            (*steps[:rank], steps[rank] * places, *steps[rank + 1 : -1], x.itemsize),
        )
        weight = np.tile(weight, (1,) * rank + (places,))
    # einsum multiplies and adds in one pass; other functions need a temporary.
    axes = list(range(windows.ndim))
    inside, outside = axes[-1 - rank :], [*axes[: -1 - rank], axes[-1]]
    y = np.einsum(windows, axes, weight, inside, outside)
    return np.asarray(y).reshape(*out_shape, c)


def depthwise_weight(weight: NDArray[Any]) -> NDArray[Any]:
    """Rearrange weights of one kernel per channel: [C, 1, K...] -> [K..., C]."""
    packed = packed_weight(weight)
    return packed.reshape(*packed.shape[:-2], packed.shape[-1])


def _places_in_a_run(length: int, c: int) -> int:
    """Return the number of windows of a row to multiply at once."""
    most = min(max(1, RUN[-1] // c), length)
    places = next(n for n in range(most, 0, -1) if length % n == 0)
    return places if places * c >= RUN[0] else length
