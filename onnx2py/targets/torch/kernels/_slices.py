"""Slices with steps of either sign: PyTorch's have none below 0."""

from __future__ import annotations

import torch
from torch import Tensor

from ._bits import moved

flip = moved(torch.flip)


def slice_axis(x: Tensor, axis: int, part: slice) -> Tensor:
    """Return the elements of ``x`` in a slice of one axis, which counts from the first."""
    before = (slice(None),) * axis
    if part.step is None or part.step > 0:
        return x[(*before, part)]
    length = x.shape[axis]
    start, stop, step = part.indices(length)
    # Of the flipped axis, the elements from the other end.
    return flip(x, (axis,))[
        (*before, slice(length - 1 - start, length - 1 - stop, -step))
    ]
