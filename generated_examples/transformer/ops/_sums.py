"""Sums of many elements."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

PIECE = 128


def sums_of_long_rows(x: NDArray[Any]) -> NDArray[Any]:
    """Sum along the last axis, which is kept, with a small rounding error.

    NumPy adds pairwise along an axis that is contiguous in memory, but sequentially along
    any other, as BLAS does. Sums of partial sums are accurate for every memory layout.
    """
    length = x.shape[-1]
    if length <= PIECE or x.strides[-1] == x.itemsize:
        return np.asarray(np.add.reduce(x, -1, keepdims=True))
    whole = length - length % PIECE
    pieces = x[..., :whole].reshape(*x.shape[:-1], whole // PIECE, PIECE)
    total = sums_of_long_rows(np.add.reduce(pieces, -1))
    total += np.add.reduce(x[..., whole:], -1, keepdims=True)
    return total
