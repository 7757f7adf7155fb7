"""Convolution over any number of spatial axes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._continuation import Activation, continued
from ._conv_windows import Pads, explicit_pads, pad_spatial, windows_channels_first
from ._precision import widened

_LARGE = 1 << 22  # elements: the most that are copied as windows at once


def conv(
    x: NDArray[Any],
    weight: NDArray[Any],
    bias: NDArray[Any] | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
    plus: NDArray[Any] | None = None,
    activation: Activation | None = None,
) -> NDArray[Any]:
    """Cross-correlate ``x`` with ``weight``.

    N is the batch, C and M are the channels in and out, and D..., K... and O... the
    spatial axes of the input, the kernel and the output.

    Parameters
    ----------
    x : float[N, C, D...]
    weight : float[M, C / group, K...]
    bias : float[M], optional
        Added to each output channel.
    strides, dilations : one int per spatial axis, in elements; 1 by default
    pads : elements added before each spatial axis, then after each; 0 by default.
        ``"SAME_UPPER"`` or ``"SAME_LOWER"``: chosen such that O = ceil(D / stride).
    group : number of channel groups, which are convolved separately
    plus : float[N, M, O...], optional, added to the result
    activation : computed of each element of the sum, None for nothing

    Returns
    -------
    y : float[N, M, O...]
        O = (D + pad_begin + pad_end - dilation * (K - 1) - 1) // stride + 1

    Raises
    ------
    ValueError
        If the numbers of channels of ``x`` and ``weight`` do not match, or the kernel is longer
        than the padded image.

    ONNX: https://onnx.ai/onnx/operators/onnx__Conv.html
    """
    m, c_per_group, *kernel_shape = weight.shape
    if x.ndim != weight.ndim or x.shape[1] != c_per_group * group or m % group:
        raise ValueError(
            f"conv: weight {weight.shape}, group {group}: "
            f"expected x of {c_per_group * group} channels, got {x.shape}"
        )
    dtype = x.dtype
    x, weight = widened(x), widened(weight)
    pads = explicit_pads(pads, x.shape[2:], kernel_shape, strides, dilations)
    x = pad_spatial(x, pads)
    if m == group == x.shape[1] and _is_worth_sliding(x, strides, dilations):
        y = _slide_depthwise(x, weight)
    elif any(k > 1 for k in kernel_shape) or (strides and max(strides) > 1):
        y = multiply_windows(
            windows_channels_first(x, kernel_shape, strides, dilations), weight, group
        )
    else:
        y = multiply_windows(
            x.reshape(*x.shape[:2], *kernel_shape, *x.shape[2:]), weight, group
        )
    if bias is not None:
        y += bias.reshape(m, *[1] * len(kernel_shape))
    return continued(y.astype(dtype, copy=False), plus, activation)


def multiply_windows(
    windows: NDArray[Any], weight: NDArray[Any], group: int
) -> NDArray[Any]:
    """Contract [N, C, K..., O...] with [M, C / group, K...] to [N, M, O...]."""
    n, c = windows.shape[:2]
    m = weight.shape[0]
    out_shape = windows.shape[weight.ndim :]
    rows = weight.reshape(
        group, m // group, prod(weight.shape[1:])
    )  # [G, M/G, C/G * K]
    if windows.size <= _LARGE or windows.flags.c_contiguous:
        # With each window copied into a column, convolution is a matrix product.
        columns = windows.reshape(n, group, rows.shape[2], prod(out_shape))
        return np.asarray(np.matmul(rows, columns)).reshape(n, m, *out_shape)

    # Few enough columns to stay in the cache: all at once would take K... times the memory.
    y = np.empty((n, m, *out_shape), windows.dtype)
    lines = max(1, _LARGE // 2 * out_shape[0] * n // windows.size)
    along = (slice(None),) * (weight.ndim - 1)
    for sample, out in zip(windows, y):
        for start in range(0, out_shape[0], lines):
            columns = sample[along + (slice(start, start + lines),)]
            columns = columns.reshape(group, rows.shape[2], -1)
            block = np.matmul(rows, columns)
            out[:, start : start + lines] = block.reshape(m, -1, *out_shape[1:])
    return y


def _is_worth_sliding(
    x: NDArray[Any], strides: Sequence[int] | None, dilations: Sequence[int] | None
) -> bool:
    """Return whether windows overlap and rows are short in an image that is not small."""
    return (
        x.ndim == 4
        and x.shape[2] * x.shape[3] > 1000
        and not (strides and max(strides) > 1)
        and not (dilations and max(dilations) > 1)
    )


def _slide_depthwise(x: NDArray[Any], weight: NDArray[Any]) -> NDArray[Any]:
    """Convolve each channel of [N, C, H, W] with its own [C, 1, K, L], at stride 1.

    Images are shifted as if they were one long row, 1.5 times as fast as a product of
    columns. Elements that wrap around lie right of the result and are cut off.
    """
    n, c, height, width = x.shape
    kernel_height, kernel_width = weight.shape[2:]
    out_height, out_width = height - kernel_height + 1, width - kernel_width + 1
    length = out_height * width - kernel_width + 1
    images = x.reshape(n, c, -1)
    y = np.empty((n, c, out_height, out_width), x.dtype)
    step = max(1, 60_000 // images.shape[2])  # channels that stay in the cache
    total = np.zeros((step, out_height * width), x.dtype)
    term = np.empty((step, length), x.dtype)
    for sample, start in np.ndindex(n, -(-c // step)):
        chosen = slice(start * step, min((start + 1) * step, c))
        image, taps = images[sample, chosen], weight[chosen, 0, :, :, None]
        result, scratch = total[: len(image), :length], term[: len(image)]
        result[...] = 0
        for row, column in np.ndindex(kernel_height, kernel_width):
            begin = row * width + column
            np.multiply(
                image[:, begin : begin + length], taps[:, row, column], out=scratch
            )
            result += scratch
        lines = total[: len(image)].reshape(-1, out_height, width)
        y[sample, chosen] = lines[:, :, :out_width]
    return y
