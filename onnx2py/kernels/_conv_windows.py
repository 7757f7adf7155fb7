"""Windows over the spatial axes of an [N, C, D...] tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

Pads = Union[Sequence[int], str, None]
"""Padding before each spatial axis, then after each; or the rule to choose it."""

EVERY_CHANNEL = (slice(None), slice(None))
"""Prefix of an index into the spatial axes."""


def explicit_pads(
    pads: Pads,
    sizes: Sequence[int],
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None,
    dilations: Sequence[int] | None,
    *,
    least: int = 0,
) -> Sequence[int]:
    """Return the padding before each spatial axis, then after each, in elements.

    ``"SAME_UPPER"`` and ``"SAME_LOWER"`` make the output ceil(size / stride) long, with
    the odd element of padding at the end or at the start; None means no padding. ``least``
    is the minimum sum for an axis, negative where windows skip elements.
    """
    rank = len(sizes)
    if pads is None:
        return (0,) * (2 * rank)
    if not isinstance(pads, str):
        return pads
    strides = strides or (1,) * rank
    dilations = dilations or (1,) * rank
    totals = [
        max(least, (-(-size // stride) - 1) * stride + dilation * (k - 1) + 1 - size)
        for size, k, stride, dilation in zip(sizes, kernel_shape, strides, dilations)
    ]
    upper = pads == "SAME_UPPER"
    begins = [int((total if upper else total + 1) / 2) for total in totals]
    return (*begins, *(total - begin for total, begin in zip(totals, begins)))


def pad_spatial(
    x: NDArray[Any], pads: Sequence[int], *, value: float = 0
) -> NDArray[Any]:
    """Pad the spatial axes of ``x`` with ``value``; return ``x`` itself if all pads are 0."""
    if not any(pads):
        return x
    rank = len(pads) // 2
    sizes, begins, ends = x.shape[2:], pads[:rank], pads[rank:]
    shape = x.shape[:2] + tuple(b + d + e for b, d, e in zip(begins, sizes, ends))
    # np.pad is several times slower on small images.
    padded = np.full(shape, value, x.dtype) if value else np.zeros(shape, x.dtype)
    inside = tuple(slice(b, b + d) for b, d in zip(begins, sizes))
    padded[EVERY_CHANNEL + inside] = x
    return padded


def window_strides(
    sizes: Sequence[int],
    steps: Sequence[int],
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None,
    dilations: Sequence[int] | None,
) -> tuple[list[int], list[int], list[int]]:
    """Return how many windows there are along each spatial axis, and how they lie in memory.

    Parameters
    ----------
    sizes, steps : the length of each spatial axis in elements, its stride in bytes

    Returns
    -------
    out_shape : O = (D - dilation * (K - 1) - 1) // stride + 1
    inside : bytes from one element of a window to the next
    across : bytes from one window to the next

    Raises
    ------
    ValueError
        If a window is longer than the tensor.
    """
    ones = (1,) * len(kernel_shape)
    out_shape, inside, across = [], [], []
    for size, step, k, stride, dilation in zip(
        sizes, steps, kernel_shape, strides or ones, dilations or ones
    ):
        out_shape.append((size - dilation * (k - 1) - 1) // stride + 1)
        inside.append(step * dilation)
        across.append(step * stride)
    if out_shape and min(out_shape) < 1:
        raise ValueError(
            f"windows: kernel_shape {tuple(kernel_shape)}, dilations "
            f"{tuple(dilations or ones)}: expected an image that they fit in, got "
            f"{tuple(sizes)} with its padding"
        )
    return out_shape, inside, across


def windows_channels_first(
    x: NDArray[Any],
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    dilations: Sequence[int] | None = None,
) -> NDArray[Any]:
    """Return a read-only view of all windows: [N, C, D...] -> [N, C, K..., O...].

    ``K...`` is the place inside a window, ``O...`` the window's place in the output, in
    the order in which a product of [M, C * K...] and [C * K..., O...] reads them.

    Raises
    ------
    ValueError
        If a window is longer than the tensor.
    """
    out_shape, inside, across = window_strides(
        x.shape[2:], x.strides[2:], kernel_shape, strides, dilations
    )
    # sliding_window_view costs three times as much per call.
    return as_strided(
        x,
        (*x.shape[:2], *kernel_shape, *out_shape),
        (*x.strides[:2], *inside, *across),
        writeable=False,
    )


def add_windows(
    columns: NDArray[Any],
    sizes: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
) -> NDArray[Any]:
    """Sum overlapping windows: [N, C, K..., O...] -> [N, C, D...], D being ``sizes``.

    ``K...`` is the place inside a window, ``O...`` the window's place in ``D...``; elements
    that no window covers are 0.
    """
    rank = len(sizes)
    kernel_shape = columns.shape[2 : 2 + rank]
    out_shape = columns.shape[2 + rank :]
    n, c = columns.shape[:2]
    image = np.zeros((n, c, *sizes), columns.dtype)
    for place in np.ndindex(*kernel_shape):
        taken = tuple(
            slice(p * d, p * d + (o - 1) * s + 1 if o else 0, s)
            for p, d, o, s in zip(place, dilations, out_shape, strides)
        )
        image[EVERY_CHANNEL + taken] += columns[EVERY_CHANNEL + place]
    return image
