"""Lists of integers, given as literals or as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np


def as_ints(values: Any) -> Sequence[int]:
    """Return the ints in a sequence, in an array of any rank, or a single number.

    Raises
    ------
    jax.errors.TracerArrayConversionError
        If an array is traced: it decides a shape.
    """
    if isinstance(values, (jax.Array, np.ndarray)):
        numbers: Sequence[int] = np.asarray(values).reshape(-1).tolist()
        return numbers
    return list(values) if isinstance(values, Sequence) else [values]


def as_int(value: Any) -> int:
    """Return the number in an array or sequence of one element, or the number itself.

    A float, as opset 1 has some, is an int too.

    Raises
    ------
    ValueError
        If there is not exactly one number.
    """
    numbers = as_ints(value)
    if len(numbers) != 1:
        raise ValueError(f"expected one number, got {len(numbers)}")
    number = numbers[0]
    return int(number) if isinstance(number, float) else number


def distinct_axes(axes: Sequence[int], rank: int) -> tuple[int, ...]:
    """Return axes counted from the first, without repeats, which onnxruntime accepts."""
    return tuple(dict.fromkeys(axis + rank if axis < 0 else axis for axis in axes))
