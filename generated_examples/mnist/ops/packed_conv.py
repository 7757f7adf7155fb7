"""Convolution with constant weights, which are laid out as it wants them.

Channels are last in memory: windows are then copied in long runs, and a kernel of one
element needs no copy at all. Tensors are [N, C, D...] for all that, as everywhere: what
is returned is a view whose channels lie side by side, and NumPy's elementwise functions
keep that order. N is the batch, C and M are the channels in and out, D..., K... and O...
the spatial axes of the input, the kernel and the output.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from ._windows import Pads, explicit_pads

_BLOCK = 1 << 20  # elements of the windows that are copied at once


def conv_packed(
    x: NDArray[Any],
    weight: NDArray[Any],
    bias: NDArray[Any] | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
) -> NDArray[Any]:
    """Cross-correlate ``x`` with ``weight``, as ``conv`` does.

    Parameters
    ----------
    x : [N, C, D...]
    weight : [K..., C / group, M]
    bias : [M], optional
    strides, pads, dilations, group : as for ``conv``

    Returns
    -------
    y : [N, M, O...]
        O = (D + pad_begin + pad_end - dilation * (K - 1) - 1) // stride + 1

    Raises
    ------
    ValueError
        If the channels of ``x`` and ``weight`` do not fit together.

    ONNX: https://onnx.ai/onnx/operators/onnx__Conv.html
    """
    *kernel_shape, c_per_group, m = weight.shape
    dtype, channels = x.dtype, c_per_group * group
    x = padded_channels_last(x, channels, kernel_shape, strides, pads, dilations)
    windows = windows_of(x, kernel_shape, strides, dilations)  # [N, O..., K..., C]
    out_shape = windows.shape[: 1 + len(kernel_shape)]
    rows = weight.reshape(prod(weight.shape[:-1]), m).astype(x.dtype, copy=False)
    if group == 1:
        y = multiply_windows_last(windows, rows, out_shape)
    else:
        places = prod(out_shape)
        columns = windows.reshape(places, prod(kernel_shape), group, c_per_group)
        columns = columns.transpose(2, 0, 1, 3).reshape(group, places, len(rows))
        grouped = rows.reshape(len(rows), group, m // group).transpose(1, 0, 2)
        product = np.matmul(columns, grouped)
        y = product.transpose(1, 0, 2).reshape(*out_shape, m)
    return channels_second(y, bias, dtype)


def multiply_windows_last(
    windows: NDArray[Any], rows: NDArray[Any], out_shape: tuple[int, ...]
) -> NDArray[Any]:
    """Contract windows [N, O..., K..., C] with [K... * C, M] to [N, O..., M]."""
    m = rows.shape[1]
    if windows.size <= 2 * _BLOCK:
        y = np.matmul(columns_of(windows, rows, out_shape), rows)
        return np.asarray(y).reshape(*out_shape, m)
    # Columns that stay in the cache: all at once would take K... times the memory.
    y = np.empty((*out_shape, m), rows.dtype)
    lines = max(1, _BLOCK * out_shape[1] * len(windows) // windows.size)
    for sample, out in zip(windows, y):
        for start in range(0, out_shape[1], lines):
            part = out[start : start + lines]
            columns = columns_of(sample[start : start + lines], rows, part.shape[:-1])
            np.matmul(columns, rows, out=part.reshape(len(columns), m))
    return y


def columns_of(
    windows: NDArray[Any], rows: NDArray[Any], out_shape: tuple[int, ...]
) -> NDArray[Any]:
    """Copy windows [O..., K..., C] to [prod(O), K... * C]."""
    places, length, outer = prod(out_shape), len(rows), len(out_shape)
    if prod(windows.shape[-2:]) > 15:
        return windows.reshape(places, length)
    # Few channels: along a row of the image, the runs to copy are longer.
    order = (*range(outer, windows.ndim), *range(outer))
    return windows.transpose(order).reshape(length, places).T


def padded_channels_last(
    x: NDArray[Any],
    channels: int,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
) -> NDArray[Any]:
    """Return [N, D..., C] with zeros around D..., contiguous, half floats as float32.

    Raises
    ------
    ValueError
        If ``x`` has another number of axes or channels.
    """
    if x.ndim != len(kernel_shape) + 2 or x.shape[1] != channels:
        raise ValueError(
            f"conv: kernel_shape {tuple(kernel_shape)}: expected x of "
            f"{len(kernel_shape) + 2} axes and {channels} channels, got {x.shape}"
        )
    dtype = single_or_double(x.dtype)
    moved = x.transpose(0, *range(2, x.ndim), 1)
    pads = explicit_pads(pads, x.shape[2:], kernel_shape, strides, dilations)
    if not any(pads):
        return np.ascontiguousarray(moved, dtype)
    rank = len(kernel_shape)
    begins, ends = pads[:rank], pads[rank:]
    sizes = [b + size + e for b, size, e in zip(begins, x.shape[2:], ends)]
    padded = np.zeros((len(x), *sizes, channels), dtype)
    inside = tuple(slice(b, b + size) for b, size in zip(begins, x.shape[2:]))
    padded[(slice(None), *inside)] = moved
    return padded


def windows_of(
    x: NDArray[Any],
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None,
    dilations: Sequence[int] | None,
) -> NDArray[Any]:
    """Return a view of all windows: [N, D..., C] -> [N, O..., K..., C].

    Raises
    ------
    ValueError
        If a window is longer than the tensor.
    """
    rank = len(kernel_shape)
    strides = strides or (1,) * rank
    dilations = dilations or (1,) * rank
    out_shape = [
        (size - dilation * (k - 1) - 1) // stride + 1
        for size, k, stride, dilation in zip(
            x.shape[1:], kernel_shape, strides, dilations
        )
    ]
    if min(out_shape) < 1:
        raise ValueError(
            f"windows: kernel_shape {tuple(kernel_shape)}, dilations {tuple(dilations)}: "
            f"expected an image that they fit in, got {x.shape[1:-1]} with its padding"
        )
    step = x.strides[1:-1]
    across = [s * stride for s, stride in zip(step, strides)]
    inside = [s * dilation for s, dilation in zip(step, dilations)]
    return as_strided(
        x,
        (len(x), *out_shape, *kernel_shape, x.shape[-1]),
        (x.strides[0], *across, *inside, x.strides[-1]),
        writeable=False,
    )


def channels_second(
    y: NDArray[Any], bias: NDArray[Any] | None, dtype: np.dtype[Any]
) -> NDArray[Any]:
    """Add ``bias`` to [N, O..., M], and return [N, M, O...] of ``dtype``, a view."""
    if bias is not None:
        y += bias
    y = y.astype(dtype, copy=False)
    return y.transpose(0, y.ndim - 1, *range(1, y.ndim - 1))


def single_or_double(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype to compute in: there is no fast product of half floats."""
    return np.dtype(np.float32) if dtype.itemsize == 2 else dtype
