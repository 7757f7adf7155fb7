"""Lists of integers, given as literals or as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def as_ints(values: Any) -> Sequence[int]:
    """Return the ints in a tuple, in a tensor of any rank, or a single number."""
    if isinstance(values, tuple):
        return values
    # list(array) would give NumPy scalars, which are ten times as slow as int.
    flat: Sequence[int] = np.asarray(values).ravel().tolist()
    return flat


def as_int(value: Any) -> int:
    """Return the number in a tensor of one element, or the number itself.

    Raises
    ------
    ValueError
        If there is not exactly one number.
    """
    if isinstance(value, (int, float, np.generic)):
        return int(value)
    numbers = np.asarray(value)
    if numbers.size != 1:
        raise ValueError(f"expected one number, got {numbers.size}")
    return int(numbers.item())


def distinct_axes(axes: Sequence[int], rank: int) -> tuple[int, ...]:
    """Return axes without repeats, which onnxruntime accepts and NumPy does not."""
    if len(axes) < 2:
        return tuple(axes)
    return tuple(dict.fromkeys(axis + rank if axis < 0 else axis for axis in axes))
