"""Dynamic time warping."""

from __future__ import annotations

import torch
from torch import Tensor


def dynamic_time_warping(cost: Tensor) -> Tensor:
    """Return the path int32[2, L] of least cost between opposite corners of [M, N].

    Of equally cheap steps, the one from the left is taken; the diagonal one only if it is
    cheaper than both others.
    """
    rows, columns = cost.shape[-2:]
    cost = cost.reshape(rows, columns)
    total = cost.new_full((rows + 1, columns + 1), torch.inf)
    total[0, 0] = 0
    came = torch.zeros_like(total, dtype=torch.int8)
    for diagonal in range(2, rows + columns + 1):
        # All places of a diagonal at once: they depend on the two diagonals before it.
        first, last = max(1, diagonal - columns), min(rows, diagonal - 1)
        i = torch.arange(first, last + 1, device=cost.device)
        j = diagonal - i
        both, down, right = total[i - 1, j - 1], total[i - 1, j], total[i, j - 1]
        from_both = (both < down) & (both < right)
        from_above = (down < both) & (down < right)
        least = torch.where(from_both, both, torch.where(from_above, down, right))
        total[i, j] = least + cost[i - 1, j - 1]
        came[i, j] = torch.where(from_both, 0, torch.where(from_above, 1, 2)).to(
            came.dtype
        )
    ways, path = came.tolist(), []
    i, j = rows, columns
    while i > 0 and j > 0:
        path.append((i - 1, j - 1))
        way = ways[i][j]
        i, j = i - (way != 2), j - (way != 1)
    return (
        torch.tensor(path[::-1], dtype=torch.int32, device=cost.device).reshape(-1, 2).T
    )
