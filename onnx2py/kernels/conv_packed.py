"""Convolution with constant weights, which are rearranged beforehand.

Tensors are channels-last in memory: windows are copied in long runs, and a kernel of one
element needs no copy. N is the batch, C and M are the channels in and out, D...,
K... and O... the spatial axes of the input, the kernel and the output.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._continuation import Activation, continued
from ._conv_channels_last import (
    channels_second,
    padded_channels_last,
    windows_channels_last,
)
from ._conv_windows import Pads
from ._precision import wide_dtype

_BLOCK = 1 << 20  # elements of the windows that are copied at once
_SMALL = 1 << 15  # elements of all windows; below this, one product is fastest
_FEW_PLACES = 256


def conv_packed(
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
    """Cross-correlate ``x`` with ``weight``, channels last in memory.

    Parameters
    ----------
    x : float[N, C, D...]
    weight : float[K..., C / group, M]
    bias : float[M], optional
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
    *kernel_shape, c_per_group, m = weight.shape
    dtype, channels = x.dtype, c_per_group * group
    x = padded_channels_last(x, channels, kernel_shape, strides, pads, dilations)
    weight = weight.astype(x.dtype, copy=False)
    windows = windows_channels_last(x, kernel_shape, strides, dilations)
    out_shape = windows.shape[: 1 + len(kernel_shape)]
    lines = weight.reshape(kernel_shape[0], prod(weight.shape[1:-1]), m)
    if group > 1:
        y = multiply_groups(windows, weight, group)
    elif (
        windows.size <= _SMALL or (strides and strides[0] > 1) or 2 * lines.shape[1] < m
    ):
        rows = weight.reshape(prod(weight.shape[:-1]), m)
        y = multiply_windows_last(windows, rows, out_shape)
    else:
        across = windows_channels_last(x, (1, *kernel_shape[1:]), strides, dilations)
        y = multiply_lines(across, lines, out_shape, dilations[0] if dilations else 1)
    return continued(channels_second(y, bias, dtype), plus, activation)


def multiply_groups(
    windows: NDArray[Any], weight: NDArray[Any], group: int
) -> NDArray[Any]:
    """Contract [N, O..., K..., C] with [K..., C / G, M] group by group to [N, O..., M]."""
    *kernel_shape, c, m = weight.shape
    out_shape = windows.shape[: 1 + len(kernel_shape)]
    places, taps = prod(out_shape), prod(kernel_shape)
    if (
        windows.size > 2 * _BLOCK
    ):  # columns of all groups at once would take much memory
        y = np.empty((*out_shape, m), weight.dtype)
        for i in range(group):
            part = slice(i * m // group, (i + 1) * m // group)
            taken = weight[..., part].reshape(taps * c, m // group)
            seen = windows[..., i * c : (i + 1) * c]
            y[..., part] = multiply_windows_last(seen, taken, out_shape)
        return y
    columns = windows.reshape(places, taps, group, c).transpose(2, 0, 1, 3)
    rows = weight.reshape(taps * c, group, m // group).transpose(1, 0, 2)
    product = np.matmul(columns.reshape(group, places, taps * c), rows)
    return np.asarray(product.transpose(1, 0, 2)).reshape(*out_shape, m)


def multiply_windows_last(
    windows: NDArray[Any], rows: NDArray[Any], out_shape: tuple[int, ...]
) -> NDArray[Any]:
    """Contract windows [N, O..., K..., C] with [K... * C, M] to [N, O..., M]."""
    m = rows.shape[1]
    if windows.size <= 2 * _BLOCK:
        y = np.matmul(columns_of(windows, rows, out_shape), rows)
        return np.asarray(y).reshape(*out_shape, m)
    # Few enough columns to stay in the cache: all at once would take K... times the memory.
    y = np.empty((*out_shape, m), rows.dtype)
    step = max(1, _BLOCK * out_shape[1] * len(windows) // windows.size)
    for sample, out in zip(windows, y):
        for start in range(0, out_shape[1], step):
            part = out[start : start + step]
            columns = columns_of(sample[start : start + step], rows, part.shape[:-1])
            np.matmul(columns, rows, out=part.reshape(len(columns), m))
    return y


def multiply_lines(
    windows: NDArray[Any],
    lines: NDArray[Any],
    out_shape: tuple[int, ...],
    dilation: int,
) -> NDArray[Any]:
    """Contract windows with weights [K, L, M], one line of the kernel at a time.

    ``windows`` is [N, D, O[1:]..., 1, K[1:]..., C]; a window has L elements. At stride 1,
    a line of the kernel sees all lines of the image but a few at the ends: one copy of
    windows one line high serves all lines, 1 / K of the copy of whole windows.
    """
    count, length, m = lines.shape
    places = prod(out_shape[2:])
    y = np.empty((*out_shape, m), lines.dtype)
    step = max(1, _BLOCK // (places * length))
    for sample, out in zip(windows, y):
        for start in range(0, out_shape[1], step):
            part = out[start : start + step].reshape(-1, m)
            end = start + step + (count - 1) * dilation
            columns = sample[start:end].reshape(-1, length)
            np.matmul(columns[: len(part)], lines[0], out=part)
            for number, line in enumerate(lines[1:], 1):
                first = number * dilation * places
                part += np.matmul(columns[first : first + len(part)], line)
    return y


def columns_of(
    windows: NDArray[Any], rows: NDArray[Any], out_shape: tuple[int, ...]
) -> NDArray[Any]:
    """Copy windows [O..., K..., C] to [prod(O), K... * C]."""
    places, length, outer = prod(out_shape), len(rows), len(out_shape)
    if prod(windows.shape[-2:]) > 15:
        # Windows along one axis may overlap in memory: np.matmul copies such arrays slowly.
        return np.ascontiguousarray(windows.reshape(places, length))
    # Few channels: along a row of the image, the runs to copy are longer.
    order = (*range(outer, windows.ndim), *range(outer))
    return windows.transpose(order).reshape(length, places).T


def conv_pointwise(
    x: NDArray[Any],
    weight: NDArray[Any],
    bias: NDArray[Any] | None = None,
    *,
    strides: Sequence[int] | None = None,
    plus: NDArray[Any] | None = None,
    activation: Activation | None = None,
) -> NDArray[Any]:
    """Pointwise convolution: convolution with a kernel of one element.

    Parameters
    ----------
    x : float[N, C, D...]
    weight : float[C, M]
    bias : float[M], optional
    strides : one int per spatial axis, in elements; 1 by default
    plus : float[N, M, O...], optional, added to the result
    activation : computed of each element of the sum, None for nothing

    Returns
    -------
    y : float[N, M, O...]
        O = (D - 1) // stride + 1

    Raises
    ------
    ValueError
        If the numbers of channels of ``x`` and ``weight`` do not match.

    ONNX: https://onnx.ai/onnx/operators/onnx__Conv.html
    """
    dtype, (c, m) = x.dtype, weight.shape
    if strides:
        x = x[(slice(None), slice(None), *(slice(None, None, s) for s in strides))]
    if x.flags.c_contiguous and x.shape[1:2] == (c,) and 2 * m <= c and x.ndim > 2:
        return continued(_mix_channels_first(x, weight, bias), plus, activation)
    x = padded_channels_last(x, c, (1,) * (x.ndim - 2))
    rows, places = weight.astype(x.dtype, copy=False), prod(x.shape[:-1])
    columns = x.reshape(places, c)
    if places <= _FEW_PLACES:
        # As fast in this order, and channels with equal weights get equal results.
        y = np.matmul(rows.T, columns.T).T
    else:
        y = np.matmul(columns, rows)
    y = channels_second(y.reshape(*x.shape[:-1], m), bias, dtype)
    return continued(y, plus, activation)


def _mix_channels_first(
    x: NDArray[Any], weight: NDArray[Any], bias: NDArray[Any] | None
) -> NDArray[Any]:
    """Pointwise convolution of channels-first tensors: up to 8 times as fast for few results."""
    (c, m), dtype = weight.shape, wide_dtype(x.dtype)
    columns = x.reshape(len(x), c, prod(x.shape[2:])).astype(dtype, copy=False)
    y = np.asarray(np.matmul(weight.T.astype(dtype, copy=False), columns))
    if bias is not None:
        y += bias[:, None]
    return y.reshape(len(x), m, *x.shape[2:]).astype(x.dtype, copy=False)


def packed_weight(weight: NDArray[Any]) -> NDArray[Any]:
    """Rearrange weights with channels last: [M, C / group, K...] -> [K..., C / group, M]."""
    order = (*range(2, weight.ndim), 1, 0)
    return np.ascontiguousarray(weight.transpose(order), wide_dtype(weight.dtype))


def pointwise_weight(weight: NDArray[Any]) -> NDArray[Any]:
    """Rearrange weights of kernels of one element to a matrix: [M, C, 1...] -> [C, M]."""
    packed = packed_weight(weight)
    return packed.reshape(packed.shape[-2:])
