"""Windows over the spatial axes of an [N, C, D...] array."""

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
    the odd element of padding at the end or at the start. ``least`` is the minimum sum for
    an axis, negative where windows skip elements.
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


def pairs(pads: Sequence[int]) -> list[tuple[int, int]]:
    """Return the padding before and after each axis, as JAX takes it."""
    rank = len(pads) // 2
    return list(zip(pads[:rank], pads[rank:]))
