"""Tensors whose channels lie side by side in memory, for convolutions.

They are [N, C, D...] for all that, as everywhere: what convolutions return is a view, and
NumPy's elementwise functions keep the order that they find.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._windows import Pads, explicit_pads


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
    shape = (len(x), *out_shape, *kernel_shape, x.shape[-1])
    return view(x, shape, (x.strides[0], *across, *inside, x.strides[-1]))


def view(
    x: NDArray[Any], shape: tuple[int, ...], strides: tuple[int, ...]
) -> NDArray[Any]:
    """Return the elements of a contiguous ``x`` in another order, or several times.

    A tenth of the time of ``as_strided``; NumPy checks that nothing lies outside.
    """
    return np.ndarray(shape, x.dtype, x, 0, strides)


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
