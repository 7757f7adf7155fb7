"""Caches of keys and values with new steps appended.

B is the batch, G the number of heads, S the number of new steps, C the length of the
cache, E the size of a head. ``past`` is the number of earlier steps of each sequence.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def append_to_cache(
    cache: NDArray[Any] | None,
    new: NDArray[Any],
    past: NDArray[np.int64],
    counts: NDArray[Any],
    total: int,
) -> NDArray[Any]:
    """Return the cache with ``counts`` new steps appended, then zeros.

    Parameters
    ----------
    cache : [B, G, C, E], or None for none
    new : [B, G, S, E]

    Returns
    -------
    y : [B, G, max(C, total), E]
    """
    b, groups, _, size = new.shape
    length = max(total, 0 if cache is None else cache.shape[2])
    y = np.zeros((b, groups, length, size), new.dtype)
    for index, (start, count) in enumerate(zip(past.tolist(), counts.tolist())):
        if cache is not None:
            y[index, :, :start] = cache[index, :, :start]
        y[index, :, start : start + count] = new[index, :, :count]
    return y


def append_to_window_cache(
    cache: NDArray[Any],
    new: NDArray[Any],
    past: NDArray[np.int64],
    counts: NDArray[Any],
    window: int,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.int64]]:
    """Return all steps, the steps to keep, and the position of the first step.

    At least ``window`` steps are kept. Older steps are dropped together when the cache is
    full: L(T) of T are left, L(T) = T - G * ceil((T - C) / G), G = C - window + 1.

    Parameters
    ----------
    cache : [B, G, C, E]
    new : [B, G, S, E]

    Returns
    -------
    steps : [B, G, at most C + S, E]
    kept : [B, G, C, E], 0 where there is no step
    first : [B], the position of the first of the steps
    """
    b, groups, room, size = cache.shape
    each = room - window + 1

    def resident(steps: NDArray[np.int64]) -> NDArray[np.int64]:
        gone = np.maximum(-((room - steps) // each), 0)
        return np.asarray(steps - each * gone)

    before, after = resident(past), resident(past + counts)
    steps = append_to_cache(cache, new, before, counts, int((before + counts).max()))
    kept = np.zeros((b, groups, room, size), new.dtype)
    for index, (end, left) in enumerate(
        zip((before + counts).tolist(), after.tolist())
    ):
        kept[index, :, :left] = steps[index, :, end - left : end]
    return steps, kept, past - before
