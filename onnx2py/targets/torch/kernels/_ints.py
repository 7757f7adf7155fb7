"""Lists of integers, given as literals or as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor


def as_ints(values: Any) -> Sequence[int]:
    """Return the ints in a sequence, in a tensor of any rank, or a single number."""
    if isinstance(values, Tensor):
        numbers: Sequence[int] = values.reshape(-1).tolist()
        return numbers
    return list(values) if isinstance(values, Sequence) else [values]


def as_int(value: Any) -> int:
    """Return the number in a tensor or sequence of one element, or the number itself.

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
