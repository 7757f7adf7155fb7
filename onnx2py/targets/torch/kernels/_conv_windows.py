"""Windows over the spatial axes of an [N, C, D...] tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Union

import torch.nn.functional as F
from torch import Tensor

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
    an axis.
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
    more = [total if pads == "SAME_UPPER" else total + 1 for total in totals]
    begins = [m // 2 if m > 0 else -(-m // 2) for m in more]
    return (*begins, *(total - begin for total, begin in zip(totals, begins)))


def pad_spatial(x: Tensor, pads: Sequence[int], *, value: float = 0) -> Tensor:
    """Pad the spatial axes of ``x`` with ``value``, or cut them where pads are negative."""
    if not any(pads):
        return x
    rank = len(pads) // 2
    pairs = zip(reversed(pads[:rank]), reversed(pads[rank:]))  # the last axis first
    return F.pad(x, [pad for pair in pairs for pad in pair], value=value)
