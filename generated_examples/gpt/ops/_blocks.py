"""Processing of large tensors in blocks that fit into the cache."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from numpy.typing import NDArray

BLOCK = 32768
"""Elements of one block: 128 KiB of float32, so that three fit into the L2 cache."""


def blocks(*arrays: NDArray[Any]) -> Iterable[tuple[NDArray[Any], ...]]:
    """Yield the arrays block by block, as flat views if there are several blocks.

    All arrays have the same shape; all but the first come from ``np.empty_like`` of the
    first. A chain of operations on blocks takes half the time of one on whole large
    tensors.
    """
    size = arrays[0].size
    if size <= BLOCK:
        return (arrays,)
    strides = arrays[-1].strides
    order = sorted(range(len(strides)), key=lambda axis: -strides[axis])
    flat = [array.transpose(order).reshape(-1) for array in arrays]  # views, if dense
    starts = range(0, size, BLOCK)
    return (tuple(a[start : start + BLOCK] for a in flat) for start in starts)
