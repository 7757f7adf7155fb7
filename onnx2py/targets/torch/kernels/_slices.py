"""Slices with steps of either sign: PyTorch's have none below 0."""

from __future__ import annotations

import torch
from torch import Tensor

from ._bits import moved

flip = moved(torch.flip)

FAR = 2**31
"""Strides from here on are as good as any that is longer than the axis."""


def slice_axis(x: Tensor, axis: int, part: slice) -> Tensor:
    """Return the elements of ``x`` in a slice of one axis, which counts from the first."""
    before, length = (slice(None),) * axis, x.shape[axis]
    if part.step is not None and abs(part.step) >= FAR:  # PyTorch would overflow
        step = length + 1 if part.step > 0 else -length - 1
        part = slice(part.start, part.stop, step)
    if part.step is None or part.step > 0:
        return x[(*before, part)]
    first = length - 1 - _place(part.start, length - 1, length)
    last = length - 1 - _place(part.stop, -1, length)
    # Of the flipped axis, the elements from the other end.
    return flip(x, (axis,))[(*before, slice(first, last, -part.step))]


def _place(bound: int | None, default: int, length: int) -> int:
    """Return a bound counted from the start; unlike ``slice.indices``, of symbolic lengths."""
    if bound is None:
        return default
    place = bound + length if bound < 0 else bound
    if place >= length:
        return length - 1
    return place if place >= 0 else -1
