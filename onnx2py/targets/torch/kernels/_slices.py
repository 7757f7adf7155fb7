"""Slices with steps of either sign: PyTorch's have none below 0."""

from __future__ import annotations

from torch import Tensor


def slice_axis(x: Tensor, axis: int, part: slice) -> Tensor:
    """Return the elements of ``x`` in a slice of one axis, which counts from the first."""
    before = (slice(None),) * axis
    if part.step is None or part.step > 0:
        return x[(*before, part)]
    length = x.shape[axis]
    start, stop, step = part.indices(length)
    # Of the flipped axis, the elements from the other end.
    return x.flip(axis)[(*before, slice(length - 1 - start, length - 1 - stop, -step))]
