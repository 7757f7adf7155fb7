"""Scattering: arrays with elements replaced by or combined with updates.

JAX cannot raise an error where an index is outside of its axis: it drops that update.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array

from ._precision import widened
from .indexing import nd_index


def scatter_elements(
    data: Array,
    indices: Array,
    updates: Array,
    *,
    axis: int = 0,
    reduction: str = "none",
) -> Array:
    """Return ``data`` with each update written at its index along ``axis``.

    For ``axis`` 0, ``y[indices[i, j], j] = updates[i, j]``. ``reduction`` is "none" (one
    of several updates of an element remains), "add", "mul", "min" or "max".
    """
    places = list(jnp.ogrid[tuple(slice(length) for length in indices.shape)])
    places[axis] = indices
    return _scattered(data, tuple(places), updates, reduction)


def scatter_nd(
    data: Array, indices: Array, updates: Array, *, reduction: str = "none"
) -> Array:
    """Return ``data`` with each update written at an index tuple.

    Parameters
    ----------
    data : [D...]
    indices : int64[I..., K], each K-tuple an index into the first K axes of D...
    updates : [I..., D[K:]...]
    reduction : "none" (one of several updates of an element remains), "add", "mul", "min",
        "max"
    """
    # An axis in front, so that there is an index even if K is 0.
    first = jnp.zeros(indices.shape[:-1], int)
    places = (first, *nd_index(indices))
    return _scattered(data[None], places, updates, reduction)[0]


def _scattered(
    data: Array, places: tuple[Array, ...], updates: Array, reduction: str
) -> Array:
    data = jnp.asarray(data)
    if reduction == "none":
        return data.at[places].set(updates)
    at: Any = widened(data).at[places]
    combine = {"add": at.add, "mul": at.multiply, "min": at.min, "max": at.max}
    y: Array = combine[reduction](widened(updates))
    return y.astype(data.dtype)


def tensor_scatter(
    past_cache: Array,
    update: Array,
    write_indices: Array | None = None,
    *,
    axis: int = -2,
    mode: str = "linear",
) -> Array:
    """Return a cache with ``update`` written into it, sample by sample.

    Parameters
    ----------
    past_cache : [N, ..., M, ...], M lying at ``axis``, which is not the first
    update : [N, ..., S, ...], S <= M
    write_indices : int64[N], the start along ``axis``, in elements; 0 by default
    mode : "linear", which drops what does not fit, or "circular", which continues at 0
    """
    samples = jnp.arange(past_cache.shape[0])[:, None]
    places = jnp.arange(update.shape[axis])[None, :]
    if write_indices is not None:
        places = places + write_indices[:, None]
    if mode == "circular":
        places = places % past_cache.shape[axis]
    cache = jnp.moveaxis(past_cache, axis, 1)
    y = cache.at[samples, places].set(jnp.moveaxis(update, axis, 1))
    return jnp.moveaxis(y, 1, axis)
