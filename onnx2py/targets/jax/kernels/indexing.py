"""Gathering by index arrays. Negative indices count from the end.

JAX cannot raise an error where an index is outside of its axis: there the result is NaN, or
the smallest signed or largest unsigned integer.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array, lax


def gather(data: Array, indices: Any, *, axis: int = 0) -> Array:
    """Return the slices of ``data`` at ``indices``, whose axes replace ``axis``.

    Raises
    ------
    IndexError
        If ``indices`` is a single number and outside the axis.
    """
    if isinstance(indices, int):
        return lax.index_in_dim(data, indices, axis, keepdims=False)
    return jnp.take(data, jnp.asarray(indices), axis)


def gather_elements(data: Array, indices: Array, *, axis: int = 0) -> Array:
    """Return the element of ``data`` at each index along ``axis``.

    ``data`` and ``indices`` have the same rank; along other axes ``indices`` may be
    shorter. The result has the shape of ``indices``.
    """
    parts = [slice(length) for length in indices.shape]
    parts[axis] = slice(None)
    return jnp.take_along_axis(data[tuple(parts)], indices, axis)


def gather_nd(data: Array, indices: Array, *, batch_dims: int = 0) -> Array:
    """Return the slices of ``data`` at the index tuples in the last axis of ``indices``.

    Parameters
    ----------
    data : [B..., D...]
    indices : int64[B..., I..., K], each K-tuple an index into the first K axes of D...
    batch_dims : the number of axes B..., which both share

    Returns
    -------
    y : [B..., I..., D[K:]...]
    """
    if indices.shape[-1] == 0:  # all of data, at each place
        spread = jnp.expand_dims(data, tuple(range(batch_dims, indices.ndim - 1)))
        return jnp.broadcast_to(spread, indices.shape[:-1] + data.shape[batch_dims:])
    return jnp.asarray(data).at[nd_index(indices, batch_dims)].get(mode="fill")


def nd_index(indices: Array, batch_dims: int = 0) -> tuple[Array, ...]:
    """Return an index for the K-tuples along the last axis, in each batch."""
    batch = []
    for axis in range(batch_dims):
        shape = [1] * (indices.ndim - 1)
        shape[axis] = -1
        batch.append(jnp.arange(indices.shape[axis]).reshape(shape))
    return (*batch, *(indices[..., k] for k in range(indices.shape[-1])))
