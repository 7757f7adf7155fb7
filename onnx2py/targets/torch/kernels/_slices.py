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
    start, stop, step = part.indices(length)
    # Of the flipped axis, the elements from the other end.
    return flip(x, (axis,))[
        (*before, slice(length - 1 - start, length - 1 - stop, -step))
    ]
