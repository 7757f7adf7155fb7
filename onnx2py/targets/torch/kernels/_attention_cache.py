"""Caches of keys and values with new steps appended.

B is the batch, G the number of heads, S the number of new steps, C the length of the
cache, E the size of a head. ``past`` is the number of earlier steps of each sequence.
"""

from __future__ import annotations

import torch
from torch import Tensor


def append_to_cache(
    cache: Tensor | None, new: Tensor, past: Tensor, counts: Tensor, total: int
) -> Tensor:
    """Return the cache with ``counts`` new steps appended, then zeros.

    The cache is [B, G, C, E], the new steps [B, G, S, E]; the result is
    [B, G, max(C, total), E].
    """
    room = 0 if cache is None else cache.shape[2]
    steps = new if cache is None else torch.cat((cache, new), 2)
    place = torch.arange(max(total, room), device=new.device)
    past, end = past[:, None], (past + counts)[:, None]
    source = torch.where(place < past, place, room + place - past)
    known = (place < room) | (place >= past)
    return _picked(steps, source, known & (place < end))


def append_to_window_cache(
    cache: Tensor, new: Tensor, past: Tensor, counts: Tensor, window: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Return all steps, the steps to keep [B, G, C, E], and the position of the first step.

    At least ``window`` steps are kept. Older steps are dropped together when the cache is
    full: L(T) of T are left, L(T) = T - G * ceil((T - C) / G), G = C - window + 1.
    """
    room = cache.shape[2]
    each = room - window + 1

    def resident(steps: Tensor) -> Tensor:
        return steps - each * (-((room - steps) // each)).clamp(min=0)

    before, after = resident(past), resident(past + counts)
    end = before + counts
    steps = append_to_cache(cache, new, before, counts, int(end.max()))
    place = torch.arange(room, device=new.device)
    first = (end - after)[:, None]
    kept = _picked(steps, place + first, place < after[:, None])
    return steps, kept, past - before


def _picked(steps: Tensor, source: Tensor, valid: Tensor) -> Tensor:
    """Return the steps of [B, G, T, E] at ``source`` [B, N], 0 where they are not valid."""
    index = source.clamp(0, steps.shape[2] - 1)[:, None, :, None]
    y = steps.gather(2, index.expand(-1, steps.shape[1], -1, steps.shape[3]))
    return torch.where(valid[:, None, :, None], y, 0)
