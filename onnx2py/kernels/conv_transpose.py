"""Transposed convolution over any number of spatial axes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._conv_channels_last import padded_channels_last
from ._conv_windows import EVERY_CHANNEL, Pads, add_windows
from ._precision import wide_dtype, widened

_BLOCK = 1 << 20  # elements of the windows that are computed at once


def conv_transpose(
    x: NDArray[Any],
    weight: NDArray[Any],
    bias: NDArray[Any] | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
    output_padding: Sequence[int] | None = None,
    output_shape: Sequence[int] | None = None,
) -> NDArray[Any]:
    """Transposed convolution: add each element of ``x`` times ``weight`` to a window.

    N is the batch, C and M are the channels in and out, and D..., K... and O... the
    spatial axes of the input, the kernel and the output.

    Parameters
    ----------
    x : float[N, C, D...]
    weight : float[C, M / group, K...]
    bias : float[M], optional
        Added to each output channel.
    strides, dilations : one int per spatial axis, in elements; 1 by default
    pads : elements cut off at the start of each spatial axis, then at the end of each.
        ``"SAME_UPPER"`` or ``"SAME_LOWER"``: chosen such that O = D * stride.
    group : number of channel groups, which are convolved separately
    output_padding : elements appended to each spatial axis; 0 by default
    output_shape : O..., which determines ``pads``

    Returns
    -------
    y : float[N, M, O...]
        O = stride * (D - 1) + output_padding + dilation * (K - 1) + 1
        - pad_begin - pad_end

    Raises
    ------
    ValueError
        If the numbers of channels of ``x`` and ``weight`` do not match.

    ONNX: https://onnx.ai/onnx/operators/onnx__ConvTranspose.html
    """
    n, c, *sizes = x.shape
    m_per_group, *kernel_shape = weight.shape[1:]
    if x.ndim != weight.ndim or weight.shape[0] != c or c % group:
        raise ValueError(
            f"conv_transpose: weight {weight.shape}, group {group}: "
            f"expected x of {weight.shape[0]} channels, got {x.shape}"
        )
    dtype = x.dtype
    x, weight = widened(x), widened(weight)
    rank = len(sizes)
    strides = strides or (1,) * rank
    dilations = dilations or (1,) * rank

    rows = weight.reshape(group, c // group, -1)  # [G, C/G, M/G * K]
    columns = x.reshape(n, group, c // group, prod(sizes))  # [N, G, C/G, D]
    windows = np.matmul(rows.transpose(0, 2, 1), columns)
    windows = windows.reshape(n, group * m_per_group, *kernel_shape, *sizes)

    full = _full(sizes, kernel_shape, strides, dilations, output_padding)
    if output_shape is None and isinstance(pads, str):
        output_shape = [min(f, d * s) for f, d, s in zip(full, sizes, strides)]
    begins, ends = _cut(full, pads, output_shape)
    y = add_windows(
        windows, [max(0, f, e) for f, e in zip(full, ends)], strides, dilations
    )
    y = y[EVERY_CHANNEL + tuple(slice(b, e) for b, e in zip(begins, ends))]
    if bias is not None:
        y = y + bias.reshape(-1, *[1] * rank)
    return np.ascontiguousarray(y, dtype)


def _cut(
    full: Sequence[int], pads: Pads, output_shape: Sequence[int] | None
) -> tuple[Sequence[int], Sequence[int]]:
    """Return the start and the end of the result along each axis of the full one."""
    rank = len(full)
    if output_shape is None:
        pads = (0,) * (2 * rank) if pads is None or isinstance(pads, str) else pads
        return pads[:rank], [f - pad for f, pad in zip(full, pads[rank:])]
    totals = [max(0, f - o) for f, o in zip(full, output_shape)]
    upper = pads == "SAME_UPPER"
    begins = [total // 2 if upper else total - total // 2 for total in totals]
    return begins, [b + o for b, o in zip(begins, output_shape)]


def conv_transpose_packed(
    x: NDArray[Any],
    weight: NDArray[Any],
    bias: NDArray[Any] | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    output_padding: Sequence[int] | None = None,
    output_shape: Sequence[int] | None = None,
) -> NDArray[Any]:
    """Transposed convolution that is channels-last in memory.

    Parameters
    ----------
    x : float[N, C, D...]
    weight : float[C, K..., M]
    bias : float[M], optional
    strides, dilations : one int per spatial axis, in elements; 1 by default
    pads : elements cut off at the start of each spatial axis, then at the end of each.
        ``"SAME_UPPER"`` or ``"SAME_LOWER"``: chosen such that O = D * stride.
    output_padding : elements appended to each spatial axis; 0 by default
    output_shape : O..., which determines ``pads``

    Returns
    -------
    y : float[N, M, O...], a channels-last view
        O = stride * (D - 1) + output_padding + dilation * (K - 1) + 1
        - pad_begin - pad_end

    Raises
    ------
    ValueError
        If the numbers of channels of ``x`` and ``weight`` do not match.

    ONNX: https://onnx.ai/onnx/operators/onnx__ConvTranspose.html
    """
    c, *kernel_shape, m = weight.shape
    rank, dtype = len(kernel_shape), x.dtype
    sizes = x.shape[2:]
    x = padded_channels_last(x, c, (1,) * rank)
    strides = strides or (1,) * rank
    dilations = dilations or (1,) * rank
    full = _full(sizes, kernel_shape, strides, dilations, output_padding)
    if output_shape is None and isinstance(pads, str):
        output_shape = [min(f, d * s) for f, d, s in zip(full, sizes, strides)]
    begins, ends = _cut(full, pads, output_shape)
    lengths = [max(0, f, e) for f, e in zip(full, ends)]
    weight = weight.astype(x.dtype, copy=False)
    y = _sum_of_windows(x, weight, lengths, strides, dilations)
    y = y.transpose(0, rank + 1, *range(1, rank + 1))
    y = y[EVERY_CHANNEL + tuple(slice(b, e) for b, e in zip(begins, ends))]
    if bias is not None:
        y += bias.reshape(-1, *[1] * rank)
    return y.astype(dtype, copy=False)


def _sum_of_windows(
    x: NDArray[Any],
    weight: NDArray[Any],
    lengths: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
) -> NDArray[Any]:
    """Multiply [N, D..., C] by [C, K..., M], and sum the windows: [N, L..., M].

    The last axis of the result is cut into pieces as long as the stride; the part of a
    window in one piece is added at once. L is at least ``lengths``.
    """
    c, *kernel_shape, m = weight.shape
    n, *sizes, _ = x.shape
    rows = weight.reshape(c, prod(weight.shape[1:]))
    stride, dilation, taps = strides[-1], dilations[-1], kernel_shape[-1]
    run = stride if dilation == 1 else 1
    pieces = max(-(-lengths[-1] // stride), sizes[-1] + (taps - 1) * dilation // stride)
    y = np.zeros((n, *lengths[:-1], pieces, stride * m), x.dtype)
    step = max(1, _BLOCK * sizes[0] // max(1, prod(x.shape[:-1]) * rows.shape[1]))
    for start in range(0, sizes[0], step):
        part = x[:, start : start + step]
        windows = np.matmul(part.reshape(prod(part.shape[:-1]), c), rows)
        windows = windows.reshape(*part.shape[:-1], *kernel_shape[:-1], taps * m)
        shift = 0 if len(sizes) > 1 else start
        for place in np.ndindex(*kernel_shape[:-1]):
            begins = [p * d for p, d in zip(place, dilations)]
            begins[:1] = [b + start * strides[0] for b in begins[:1]]
            lines = y[(slice(None), *map(_every, begins, part.shape[1:], strides))]
            added = windows[(..., *place, slice(None))]
            for tap in range(0, taps, run):
                piece, first = divmod(tap * dilation, stride)
                count = min(run, taps - tap) * m
                target = lines[..., shift + piece : shift + piece + part.shape[-2], :]
                target = target[..., first * m : first * m + count]
                target += added[..., tap * m : tap * m + count]
    return y.reshape(n, *lengths[:-1], pieces * stride, m)


def _every(begin: int, count: int, step: int) -> slice:
    """Return a slice of ``count`` elements, ``step`` apart."""
    return slice(begin, begin + (count - 1) * step + 1 if count else begin, step)


def transposed_weight(weight: NDArray[Any]) -> NDArray[Any]:
    """Rearrange weights with output channels last: [C, M, K...] -> [C, K..., M]."""
    order = (0, *range(2, weight.ndim), 1)
    return np.ascontiguousarray(weight.transpose(order), wide_dtype(weight.dtype))


def _full(
    sizes: Sequence[int],
    kernel_shape: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    output_padding: Sequence[int] | None,
) -> list[int]:
    """Return the length of each spatial axis before cutting."""
    extra = output_padding or (0,) * len(sizes)
    return [
        stride * (size - 1) + adjust + dilation * (k - 1) + 1
        for size, k, stride, dilation, adjust in zip(
            sizes, kernel_shape, strides, dilations, extra
        )
    ]
