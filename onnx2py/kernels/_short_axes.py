"""Reductions over a few elements that are adjacent in memory."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST = 16
"""Elements of a row: NumPy reduces longer rows as fast."""
MANY = 1000
"""Rows: with fewer, the calls for each column take longer."""


def accumulate(
    ufunc: Any,
    x: NDArray[Any],
    axes: tuple[int, ...] | None,
    *,
    keepdims: bool,
    **options: Any,
) -> NDArray[Any]:
    """Compute ``ufunc.reduce`` over ``axes`` (None for all) in the dtype of ``x``.

    NumPy reduces row by row: for rows of 3 elements it takes up to 30 times as long as
    ``ufunc`` of the 3 columns. ``options`` has the result for no elements.
    """
    if not axes or not is_short(x, axes):
        total = ufunc.reduce(x, axes, x.dtype, keepdims=keepdims, **options)
        return np.asarray(total)
    columns = np.moveaxis(x, axes, range(len(axes)))
    first, second, *others = np.ndindex(*columns.shape[: len(axes)])
    y: NDArray[Any] = ufunc(columns[first], columns[second])
    for place in others:
        ufunc(y, columns[place], out=y)
    return np.expand_dims(y, axes) if keepdims else y


def is_short(x: NDArray[Any], axes: tuple[int, ...]) -> bool:
    """Return whether there are many rows of a few adjacent elements."""
    if x.size < 2 * MANY:
        return False
    count = prod([x.shape[axis] for axis in axes])
    dense = [axis for axis in axes if x.strides[axis] == x.itemsize]
    return bool(dense) and 2 <= count <= MOST and x.size >= MANY * count
