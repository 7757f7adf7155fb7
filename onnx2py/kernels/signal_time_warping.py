"""Dynamic time warping."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def dynamic_time_warping(cost: NDArray[Any]) -> NDArray[np.int32]:
    """Return the path of least cost between opposite corners, by steps down, right or both.

    Parameters
    ----------
    cost : [M, N] or [1, M, N]

    Returns
    -------
    path : int32[2, L]
        Rows and columns. Of equally cheap steps, the one from the left is taken; the
        diagonal one only if it is cheaper than both others.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.DynamicTimeWarping
    """
    rows, columns = cost.shape[-2:]
    cost = cost.reshape(rows, columns)
    total = np.full((rows + 1, columns + 1), np.inf, cost.dtype)
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
        total[i, j] = least + cost[i - 1, j - 1]
        came[i, j] = np.where(from_both, 0, np.where(from_above, 1, 2))
    path = []
    i, j = rows, columns
    while i > 0 and j > 0:
        path.append((i - 1, j - 1))
        way = came[i, j]
        i, j = i - (way != 2), j - (way != 1)
    return np.array(path[::-1], np.int32).reshape(-1, 2).T.copy()
