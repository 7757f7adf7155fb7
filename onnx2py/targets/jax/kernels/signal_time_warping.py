"""Dynamic time warping, on the host: it decides the shape of its result."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax import Array


def dynamic_time_warping(cost: Array) -> Array:
    """Return the path int32[2, L] of least cost between opposite corners of [M, N].

    Of equally cheap steps, the one from the left is taken; the diagonal one only if it is
    cheaper than both others.

    Raises
    ------
    jax.errors.TracerArrayConversionError
        If ``cost`` is traced.
    """
    rows, columns = cost.shape[-2:]
    costs = np.asarray(cost).reshape(rows, columns)
    total = np.full((rows + 1, columns + 1), np.inf, costs.dtype)
    total[0, 0] = 0
    came = np.zeros(total.shape, np.int8)
    for diagonal in range(2, rows + columns + 1):
        # All places of a diagonal at once: they depend on the two diagonals before it.
        i = np.arange(max(1, diagonal - columns), min(rows, diagonal - 1) + 1)
        j = diagonal - i
        both, down, right = total[i - 1, j - 1], total[i - 1, j], total[i, j - 1]
        from_both = (both < down) & (both < right)
        from_above = (down < both) & (down < right)
        least = np.where(from_both, both, np.where(from_above, down, right))
        total[i, j] = least + costs[i - 1, j - 1]
        came[i, j] = np.where(from_both, 0, np.where(from_above, 1, 2))
    path = []
    row, column = rows, columns
    while row > 0 and column > 0:
        path.append((row - 1, column - 1))
        way = came[row, column]
        row, column = row - (way != 2), column - (way != 1)
    return jnp.asarray(np.array(path[::-1], np.int32).reshape(-1, 2).T)
