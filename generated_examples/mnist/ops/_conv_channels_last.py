"""Tensors that are channels-last in memory, for convolutions.

Their shape is still [N, C, D...]: convolutions return views, and NumPy's elementwise
functions keep the memory order of their arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._conv_windows import Pads, explicit_pads, window_strides
from ._precision import wide_dtype


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
        If ``x`` has the wrong number of axes or channels.
    """
    if x.ndim != len(kernel_shape) + 2 or x.shape[1] != channels:
        raise ValueError(
            f"conv: kernel_shape {tuple(kernel_shape)}: expected x of "
            f"{len(kernel_shape) + 2} axes and {channels} channels, got {x.shape}"
        )
    dtype = wide_dtype(x.dtype)
    moved = x.transpose(0, *range(2, x.ndim), 1)
    if pads is None:
        return np.ascontiguousarray(moved, dtype)
    begins, ends = _padding(x.shape[2:], kernel_shape, strides, pads, dilations)
    if not any(begins) and not any(ends):
        return np.ascontiguousarray(moved, dtype)
    shape, inside = [len(x)], [slice(None)]
    for begin, size, end in zip(begins, x.shape[2:], ends):
        shape.append(begin + size + end)
        inside.append(slice(begin, begin + size))
    padded = np.zeros((*shape, channels), dtype)
    padded[tuple(inside)] = moved
    return padded


def _padding(
    sizes: tuple[int, ...],
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None,
    pads: Pads,
    dilations: Sequence[int] | None,
) -> tuple[Sequence[int], Sequence[int]]:
    """Return the padding before and after each spatial axis, in elements."""
    pads = explicit_pads(pads, sizes, kernel_shape, strides, dilations)
    return pads[: len(sizes)], pads[len(sizes) :]


def windows_channels_last(
    x: NDArray[Any],
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None,
    dilations: Sequence[int] | None,
) -> NDArray[Any]:
    """Return a view of all windows of a contiguous tensor: [N, D..., C] -> [N, O..., K..., C].

    ``O...`` is the window's place in the output, ``K...`` the place inside a window, in
    the order in which a product of [O..., K... * C] and [K... * C, M] reads them.

    Raises
    ------
    ValueError
        If a window is longer than the tensor.
    """
    out_shape, inside, across = window_strides(
        x.shape[1:-1], x.strides[1:-1], kernel_shape, strides, dilations
    )
    shape = (len(x), *out_shape, *kernel_shape, x.shape[-1])
    return strided_view(x, shape, (x.strides[0], *across, *inside, x.strides[-1]))


def strided_view(
    x: NDArray[Any], shape: tuple[int, ...], strides: tuple[int, ...]
) -> NDArray[Any]:
    """Return a view of a contiguous ``x`` with other strides, in bytes.

    Takes a tenth of the time of ``as_strided``, and NumPy checks the bounds.
    """
    return np.ndarray(shape, x.dtype, x, 0, strides)


def channels_second(
    y: NDArray[Any], bias: NDArray[Any] | None, dtype: np.dtype[Any]
) -> NDArray[Any]:
    """Add ``bias`` to [N, O..., M], and return [N, M, O...] of ``dtype``, a view."""
    if bias is not None:
        add_to_rows(y, bias)
    y = y.astype(dtype, copy=False)
    return y.transpose(0, y.ndim - 1, *range(1, y.ndim - 1))


def add_to_rows(y: NDArray[Any], bias: NDArray[Any]) -> None:
    """Add ``bias`` [M] to ``y`` [..., M] in place.

    NumPy adds row by row: many short rows take up to 4 times as long as rows of 1,000
    elements, to which the repeated bias is added.
    """
    size = len(bias)
    if 1 < size < 64 and y.size > 2000 * size and y.flags.c_contiguous:
        repeats = 1024 // size
        flat = y.reshape(-1)
        end = flat.size - flat.size % (repeats * size)
        runs = flat[:end].reshape(-1, repeats * size)
        runs += np.repeat(bias[None], repeats, 0).reshape(-1)
        y = flat[end:].reshape(-1, size)
    y += bias
