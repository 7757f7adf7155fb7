"""Ranges: the bounds of the elements of a value, by its type or its numbers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ...ir.types import DTYPES, TensorType

Number = Any
"""An int, or a number of NumPy's of the element type."""


class Range(NamedTuple):
    """The bounds of the elements of a value."""

    low: Number
    high: Number

    def joined(self, other: Range) -> Range:
        """Return the bounds of elements of either."""
        return Range(min(self.low, other.low), max(self.high, other.high))


TRUTH = Range(0, 1)


def of_type(kind: TensorType | None) -> Range:
    """Return the bounds of the numbers of a type."""
    dtype = DTYPES.get(kind.dtype) if kind else None
    if dtype is not None and dtype.kind == "b":
        return TRUTH
    if dtype is not None and dtype.kind in "iu":
        return Range(int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))
    return Range(-np.inf, np.inf)


def of_array(array: np.ndarray) -> Range | None:
    """Return the bounds of a constant, None if it has others than numbers."""
    if array.dtype.kind not in "biuf" or not array.size or np.isnan(array).any():
        return None
    low, high = array.min(), array.max()
    return Range(low, high) if array.dtype.kind == "f" else Range(int(low), int(high))
