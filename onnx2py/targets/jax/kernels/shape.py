"""Shapes, and the same elements in another shape."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, Union

import jax.numpy as jnp
from jax import Array

from ._ints import as_int, as_ints, distinct_axes

Ints = Union[Sequence[int], Array]


def reshape(data: Array, shape: Ints, *, allowzero: bool = False) -> Array:
    """Return ``data`` with another shape and the same elements in order.

    Parameters
    ----------
    shape : the new lengths; one may be -1, which is computed from the others
    allowzero : whether 0 is a length; otherwise it copies the length of that axis of
        ``data``
    """
    lengths = as_ints(shape)
    if not allowzero:
        lengths = [data.shape[i] if n == 0 else n for i, n in enumerate(lengths)]
    return data.reshape(lengths)


def flatten(input: Array, *, axis: int = 1) -> Array:
    """Return a matrix: the axes before ``axis`` as rows, the others as columns."""
    rows, columns = input.shape[:axis], input.shape[axis:]
    return input.reshape(prod(rows), prod(columns))


def squeeze(data: Array, axes: Ints | None = None) -> Array:
    """Return ``data`` without the given axes of length 1, or without all of them.

    Raises
    ------
    ValueError
        If the length of an axis is not 1.
    """
    given = () if axes is None else distinct_axes(as_ints(axes), data.ndim)
    return jnp.squeeze(data, given or None)


def unsqueeze(data: Array, axes: Ints) -> Array:
    """Return ``data`` with new axes of length 1, which are at ``axes`` of the result.

    Raises
    ------
    ValueError
        If an axis is given twice.
    """
    return jnp.expand_dims(data, tuple(as_ints(axes)))


def expand(input: Array, shape: Ints) -> Array:
    """Return ``input`` repeated along axes of length 1.

    ``input`` and ``shape`` are broadcast to each other: a 1 in ``shape`` keeps the length
    of that axis of ``input``.
    """
    lengths = jnp.broadcast_shapes(input.shape, tuple(as_ints(shape)))
    return jnp.broadcast_to(input, lengths)


def shape(data: Array, *, start: int = 0, end: int | None = None) -> Array:
    """Return the lengths of the axes from ``start`` up to, not including, ``end``.

    Both are clamped to the existing axes; negative numbers count from the end.
    """
    return jnp.array(data.shape[start:end], int)


def size(data: Array) -> Array:
    """Return the number of elements, a scalar."""
    return jnp.array(data.size, int)


def tile_axis(input: Array, tiles: Any, axis: Any) -> Array:
    """Return ``input`` repeated ``tiles`` times along ``axis``."""
    times = [1] * input.ndim
    times[as_int(axis)] = as_int(tiles)
    return jnp.tile(input, times)
