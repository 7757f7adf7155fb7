"""Sequences (lists of arrays) and optional values (None if absent)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import Array

from ._ints import as_int, as_ints
from ._slices import cut


def sequence_construct(*inputs: Array) -> list[Array]:
    """Return a list of the given arrays."""
    return list(inputs)


def sequence_empty() -> list[Array]:
    """Return an empty list."""
    return []


def sequence_at(input_sequence: Sequence[Any], position: Any) -> Any:
    """Return the element at ``position``, which counts from the end if negative.

    Raises
    ------
    IndexError
        If there is no such element.
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
    """
    items = list(input_sequence)
    del items[-1 if position is None else as_int(position)]
    return items


def sequence_length(input_sequence: Sequence[Any]) -> Array:
    """Return the number of elements, a scalar."""
    return jnp.array(len(input_sequence), int)


def split_to_sequence(
    input: Array, split: Any = 1, *, axis: int = 0, keepdims: bool = True
) -> list[Array]:
    """Return the parts of ``input`` along ``axis`` as a list.

    Parameters
    ----------
    split : the length of each part if 1-d; else of all parts, the last may be shorter
    keepdims : without it, ``axis`` is removed from parts if ``split`` is a single 1

    Raises
    ------
    ValueError
        If the lengths of the parts do not sum to the length of the axis.
    """
    length = input.shape[axis]
    if isinstance(split, Sequence) or jnp.ndim(split):
        lengths = as_ints(split)
    else:
        part = as_int(split)
        if part == 1 and not keepdims:
            return list(jnp.moveaxis(input, axis, 0))
        lengths = [min(part, length - at) for at in range(0, length, part)]
    return cut(input, lengths, axis)


def optional(input: Any = None) -> Any:
    """Return the value, None if it is absent."""
    return input


def optional_has_element(input: Any = None) -> Array:
    """Return whether there is a value, a scalar."""
    return jnp.array(input is not None)


def optional_get_element(input: Any | None) -> Any:
    """Return the value of an optional.

    Raises
    ------
    ValueError
        If it is absent.
    """
    if input is None:
        raise ValueError(
            "optional_get_element: expected a value, got an empty optional"
        )
    return input
