"""Caches of keys and values with new steps appended.

B is the batch, G the number of heads, S the number of new steps, C the length of the
cache, E the size of a head. ``past`` is the number of earlier steps of each sequence.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array


def append_to_cache(
    cache: Array | None, new: Array, past: Array, counts: Array, total: int
) -> Array:
    """Return the cache with ``counts`` new steps appended, then zeros.

    The cache is [B, G, C, E], the new steps [B, G, S, E]; the result is
    [B, G, max(C, total), E].
    """
    batch, groups, steps, size = new.shape
    length = max(total, 0 if cache is None else cache.shape[2])
    if cache is None:
        y = jnp.zeros((batch, groups, length, size), new.dtype)
    else:
        is_past = jnp.arange(cache.shape[2]) < past[:, None]
        y = jnp.where(is_past[:, None, :, None], cache, 0)
        y = jnp.pad(y, ((0, 0), (0, 0), (0, length - y.shape[2]), (0, 0)))
    return write_steps(y, new, past, counts)


def write_steps(cache: Array, new: Array, past: Array, counts: Array) -> Array:
    """Return the cache with the first ``counts`` of the new steps written after the past."""
    batch, _, steps, _ = new.shape
    step = jnp.arange(steps)
    place = jnp.where(step < counts[:, None], past[:, None] + step, cache.shape[2])
    rows = jnp.arange(batch)[:, None]
    return cache.at[rows, :, place].set(jnp.swapaxes(new, 1, 2), mode="drop")


def append_to_window_cache(
    cache: Array, new: Array, past: Array, counts: Array, window: int
) -> tuple[Array, Array, Array]:
    """Return all steps, the steps to keep [B, G, C, E], and the position of the first step.

    At least ``window`` steps are kept. Older steps are dropped together when the cache is
    full: L(T) of T are left, L(T) = T - G * ceil((T - C) / G), G = C - window + 1. There is
    room for C + S steps, whatever the number of earlier ones.
    """
    room = cache.shape[2]
    each = room - window + 1

    def resident(steps: Array) -> Array:
        return steps - each * jnp.maximum(-((room - steps) // each), 0)

    before, after = resident(past), resident(past + counts)
    end = before + counts
    steps = append_to_cache(cache, new, before, counts, room + new.shape[2])
    place = jnp.arange(room)
    source = place + (end - after)[:, None]
    kept = jax.vmap(lambda x, rows: x[:, rows])(steps, source)
    is_kept = place < after[:, None]
    return steps, jnp.where(is_kept[:, None, :, None], kept, 0), past - before
