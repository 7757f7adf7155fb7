"""Windows over the spatial axes of an [N, C, D...] tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Union

Pads = Union[Sequence[int], str, None]
"""Padding before each spatial axis, then after each; or the rule to choose it."""


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
