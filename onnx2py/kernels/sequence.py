"""Sequences (lists of tensors) and optional values (None if absent)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._ints import as_int, as_ints


def sequence_construct(*inputs: NDArray[Any]) -> list[NDArray[Any]]:
    """Return a list of the given tensors.

    ONNX: https://onnx.ai/onnx/operators/onnx__SequenceConstruct.html
    """
    return list(inputs)


def sequence_empty() -> list[NDArray[Any]]:
    """Return an empty list.

    ONNX: https://onnx.ai/onnx/operators/onnx__SequenceEmpty.html
    """
    return []


def sequence_at(input_sequence: Sequence[Any], position: Any) -> Any:
    """Return the element at ``position``, which counts from the end if negative.

    Raises
    ------
    IndexError
        If there is no such element.
    ValueError
        If ``position`` is not one number.

    ONNX: https://onnx.ai/onnx/operators/onnx__SequenceAt.html
    """
    return input_sequence[as_int(position)]


def sequence_insert(
    input_sequence: Sequence[Any], tensor: Any, position: Any = None
) -> list[Any]:
    """Return a copy with ``tensor`` before the element at ``position``, or at the end.

    Raises
    ------
    IndexError
        If ``position`` is not between -length and length.
    ValueError
        If ``position`` is not one number.

    ONNX: https://onnx.ai/onnx/operators/onnx__SequenceInsert.html
    """
    items, length = list(input_sequence), len(input_sequence)
    place = length if position is None else as_int(position)
    if not -length <= place <= length:
        raise IndexError(
            f"sequence_insert: expected position from {-length} to {length}, "
            f"got {place}"
        )
    items.insert(place, tensor)
    return items


def sequence_erase(input_sequence: Sequence[Any], position: Any = None) -> list[Any]:
    """Return a copy without the element at ``position``, or without the last one.

    Raises
    ------
    IndexError
        If there is no such element.
    ValueError
        If ``position`` is not one number.

    ONNX: https://onnx.ai/onnx/operators/onnx__SequenceErase.html
    """
    items = list(input_sequence)
    del items[-1 if position is None else as_int(position)]
    return items


def sequence_length(input_sequence: Sequence[Any]) -> NDArray[np.int64]:
    """Return the number of elements, a scalar.

    ONNX: https://onnx.ai/onnx/operators/onnx__SequenceLength.html
    """
    return np.array(len(input_sequence), np.int64)


def split_to_sequence(
    input: NDArray[Any], split: Any = 1, *, axis: int = 0, keepdims: bool = True
) -> list[NDArray[Any]]:
    """Return the parts of ``input`` along ``axis`` as a list of views.

    Parameters
    ----------
    split : the length of each part if 1-d; else of all parts, the last may be shorter
    keepdims : without it, ``axis`` is removed from parts if ``split`` is a single 1

    Raises
    ------
    ValueError
        If the lengths of the parts do not sum to the length of the axis.

    ONNX: https://onnx.ai/onnx/operators/onnx__SplitToSequence.html
    """
    moved = np.moveaxis(input, axis, 0)
    length = len(moved)
    if np.ndim(split):
        lengths = as_ints(split)
    else:
        part = as_int(split)
        if part == 1 and not keepdims:
            return [np.asarray(element) for element in moved]
        lengths = [min(part, length - at) for at in range(0, length, part)]
    if sum(lengths) != length or min(lengths, default=0) < 0:
        raise ValueError(
            f"split_to_sequence: expected parts of {length} in all, got {lengths}"
        )
    ends = np.cumsum(lengths, dtype=np.int64).tolist()
    parts = (moved[end - n : end] for n, end in zip(lengths, ends))
    return [np.moveaxis(part, 0, axis) for part in parts]


def optional(input: Any = None) -> Any:
    """Return the value, None if it is absent.

    ONNX: https://onnx.ai/onnx/operators/onnx__Optional.html
    """
    return input


def optional_has_element(input: Any = None) -> NDArray[np.bool_]:
    """Return whether there is a value, a scalar.

    ONNX: https://onnx.ai/onnx/operators/onnx__OptionalHasElement.html
    """
    return np.array(input is not None)


def optional_get_element(input: Any | None) -> Any:
    """Return the value of an optional.

    Raises
    ------
    ValueError
        If it is absent.

    ONNX: https://onnx.ai/onnx/operators/onnx__OptionalGetElement.html
    """
    if input is None:
        raise ValueError(
            "optional_get_element: expected a value, got an empty optional"
        )
    return input
