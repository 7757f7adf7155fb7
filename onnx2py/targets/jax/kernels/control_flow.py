"""Helpers for loops."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from ._ints import as_int
from ._narrow import stacked


def iterations(trip_count: Any = None, *, ndim: int = 0) -> Iterator[Array]:
    """Yield the first ``trip_count`` of 0, 1, 2 ... as int64, all if it is None.

    Each is a scalar, or has ``ndim`` axes of length 1.
    """
    limit = None if trip_count is None else as_int(trip_count)
    i = 0
    while limit is None or i < limit:
        with jax.ensure_compile_time_eval():  # a body may compute lengths of it
            number = jnp.full((1,) * ndim, i, int)
        yield number
        i += 1


def stack_scan_outputs(
    items: Sequence[Array], empty: Array, *, axis: int = 0, reverse: bool = False
) -> Array:
    """Stack the results of the iterations along a new axis.

    Parameters
    ----------
    items : arrays of one shape, one per iteration
    empty : returned if there was no iteration; it has the right dtype and rank
    axis : position of the new axis in the result
    reverse : whether to put the last item first

    Raises
    ------
    ValueError
        If the items differ in shape.
    """
    if not items:
        return empty
    return stacked(tuple(reversed(items)) if reverse else items, axis)


def scan_elements(x: Array, *, axis: int = 0, reverse: bool = False) -> Array:
    """Return ``x`` such that iteration yields its slices along ``axis``."""
    moved = jnp.moveaxis(x, axis, 0)
    return jnp.flip(moved, 0) if reverse else moved
