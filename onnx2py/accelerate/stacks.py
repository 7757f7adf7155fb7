"""Products of two stacks of matrices, both as they lie in memory."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .active import threads_in_use
from .cache import kept, own
from .library import Missing
from .memory import F32, dense, layout, steps_of
from .primitive import RESULT, SOURCE, WEIGHT, Call, Primitive, attributes

Array = NDArray[Any]

SMALL = 500_000
"""Multiply-adds that take less time on one thread than it takes to wake others."""


def stacked_product(a: Array, b: Array) -> Array | None:
    """Return ``np.matmul(a, b)`` for float32 of two axes or more; None if not taken."""
    key = "stacks", a.shape, a.strides, b.shape, b.strides, threads_in_use()
    found = kept(key, lambda: _stacks(a, b))
    if found is None:
        return None
    call, shape = found
    y = np.empty(shape, F32)
    return y if call(a, b, y) else None


def _stacks(a: Array, b: Array) -> tuple[Call, tuple[int, ...]]:
    """Return the call for two stacks, and the shape of the result.

    Raises
    ------
    Missing
        If the library does not have it, or the shapes do not match.
    """
    axes = max(a.ndim, b.ndim)
    a = a.reshape((1,) * (axes - a.ndim) + a.shape)
    b = b.reshape((1,) * (axes - b.ndim) + b.shape)
    try:
        outer = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        shape = *outer, a.shape[-2], b.shape[-1]
    except ValueError:
        raise Missing("shapes") from None
    if a.shape[-1] != b.shape[-2] or 0 in (*shape, a.shape[-1]):
        raise Missing("shapes")
    return moving_product(a, b, shape, dense(shape)), shape


def moving_product(
    a: Array,
    b: Array,
    shape: Sequence[int],
    steps: Sequence[int],
    after: Any = None,
    others: Sequence[tuple[int, Any]] = (),
) -> Call:
    """Return the call for products of two tensors as they lie in memory, and a result.

    Parameters
    ----------
    a, b : tensors of such shapes and strides, with equally many axes
    shape, steps : the shape of the result, and its strides in elements
    after : attributes; none by default
    others : the numbers and layouts of further arrays of the call, which they need

    Raises
    ------
    Missing
        If the library does not have it.
    """
    mine, products = own(), prod(shape) * a.shape[-1]
    left, right = matrix_steps(a), matrix_steps(b)
    if left is None or right is None:
        raise Missing("strides")
    layouts = [layout(a.shape, left), layout(b.shape, right), layout(shape, steps)]
    primitive = Primitive(
        "matmul",
        *layouts[:2],
        None,
        layouts[2],
        after or attributes(),
        threads=1 if products < SMALL else threads_in_use(),
    )
    numbers = SOURCE, WEIGHT, RESULT
    moving = [*zip(numbers, layouts), *others]
    return Call(primitive, mine.stream, mine.scratchpad, moving)


def matrix_steps(array: Array) -> tuple[int, ...] | None:
    """Return the strides of a stack in elements, if rows or columns lie in one piece."""
    steps = steps_of(array)
    if steps is None:
        return None
    *outer, row, column = steps
    rows, columns = array.shape[-2:]
    if columns == 1 and row != 1:
        column = 1
    elif rows == 1 and column != 1:
        row = 1
    if rows == 1 and column == 1:
        row = columns
    if columns == 1 and row == 1 and rows > 1:
        column = rows
    if column == 1 and row >= columns or row == 1 and column >= rows:
        return *outer, row, column
    return None
