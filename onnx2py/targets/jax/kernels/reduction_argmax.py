"""Indices of the largest or smallest element along an axis."""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
from jax import Array


def argmax(
    data: Array,
    *,
    axis: int = 0,
    keepdims: bool = True,
    select_last_index: bool = False,
) -> Array:
    """Return the index of the largest element along ``axis``.

    Of equal elements the first counts, or the last if ``select_last_index``.

    Raises
    ------
    ValueError
        If there are no elements along ``axis``.
    """
    return _found(jnp.argmax, data, axis, keepdims, select_last_index)


def argmin(
    data: Array,
    *,
    axis: int = 0,
    keepdims: bool = True,
    select_last_index: bool = False,
) -> Array:
    """Return the index of the smallest element along ``axis``.

    Of equal elements the first counts, or the last if ``select_last_index``.

    Raises
    ------
    ValueError
        If there are no elements along ``axis``.
    """
    return _found(jnp.argmin, data, axis, keepdims, select_last_index)


def _found(
    search: Callable[..., Array], data: Array, axis: int, keepdims: bool, last: bool
) -> Array:
    if data.ndim == 0:  # one element along any axis, as in onnxruntime
        return jnp.zeros((), int)
    if not last:
        return search(data, axis, keepdims=keepdims).astype(int)
    places = search(jnp.flip(data, axis), axis, keepdims=keepdims).astype(int)
    return data.shape[axis] - 1 - places
