"""Selection of elements by value: the largest, the unique, the nonzero."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from ._ints import as_int
from ._slices import chosen


def non_zero(x: Array) -> Array:
    """Return the indices of nonzero elements, in row-major order.

    The result has a row per axis and a column per element; a scalar counts as 1-d.
    """
    return jnp.stack(jnp.nonzero(jnp.atleast_1d(x))).astype(int)


def top_k(
    x: Array, k: Any, *, axis: int = -1, largest: bool = True
) -> tuple[Array, Array]:
    """Return the ``k`` largest elements along ``axis`` in descending order, and their indices.

    Without ``largest``, the smallest ones in ascending order. Of equal elements, the one
    with the lower index comes first; NaN is larger than all numbers.

    Raises
    ------
    ValueError
        If there are fewer than ``k`` elements along ``axis``.
    """
    count, length = as_int(k), x.shape[axis]
    if not 0 <= count <= length:
        raise ValueError(f"top_k: expected k from 0 to {length}, got {count}")
    if largest:
        rows = jnp.moveaxis(_without_signs(x), axis, -1)
        places = jnp.moveaxis(lax.top_k(rows, count)[1], -1, axis)
    else:
        order = jnp.argsort(x, axis, stable=True)
        places = lax.slice_in_dim(order, 0, count, axis=axis)
    return jnp.take_along_axis(x, places, axis), places.astype(int)


def _without_signs(x: Array) -> Array:
    """Return the numbers without the signs of 0 and NaN, by which lax.top_k orders them."""
    x = lax.stop_gradient(x)
    if not jnp.issubdtype(x.dtype, jnp.floating):
        return x
    return jnp.where(jnp.isnan(x), jnp.nan, jnp.where(x == 0, 0, x))


def unique(
    x: Array, *, axis: int | None = None, sorted: bool = True
) -> tuple[Array, Array, Array, Array]:
    """Return the unique elements of ``x``, or its unique slices along ``axis``.

    Parameters
    ----------
    sorted : whether they are in ascending order rather than in order of first occurrence

    Returns
    -------
    y : the unique elements, 1-d, or slices, of the rank of ``x``
    indices : [len(y)], the index of the first occurrence of each
    inverse_indices : the index in ``y`` of each element or slice of ``x``
    counts : int64[len(y)], the number of occurrences of each
    """
    y, first, inverse, counts = jnp.unique(
        x, return_index=True, return_inverse=True, return_counts=True, axis=axis
    )
    inverse = inverse.reshape(-1)
    if not sorted:
        order = jnp.argsort(first)
        y = jnp.take(y, order, axis or 0)
        first, counts = first[order], counts[order]
        inverse = jnp.argsort(order)[inverse]
    return y, first.astype(int), inverse.astype(int), counts.astype(int)


def unique_in_order(x: Array) -> tuple[Array, Array, Array]:
    """Return the unique elements of ``x`` in order of first occurrence, indices and counts.

    Returns
    -------
    y : the unique elements
    idx : the index in ``y`` of each element of ``x``
    counts : [len(y)], the number of occurrences of each
    """
    y, _, inverse, counts = unique(x, sorted=False)
    return y, inverse, counts


def one_hot(indices: Array, depth: Any, values: Array, *, axis: int = -1) -> Array:
    """Return an array with "on" at each index along a new axis, and "off" elsewhere.

    Parameters
    ----------
    depth : the length D of the new axis; a scalar, or an array of one element
    values : [2], the values of off and on
    axis : the position of the new axis in the result

    Indices from -D to -1 count from the end; other indices give "off" everywhere.
    """
    length = as_int(depth)
    places = indices.astype(int)
    places = jnp.expand_dims(jnp.where(places < 0, places + length, places), axis)
    behind = (1,) * (indices.ndim - axis % (indices.ndim + 1))
    levels = jnp.arange(length).reshape(-1, *behind)
    return jnp.where(places == levels, values[1], values[0])


def compress(input: Array, condition: Array, *, axis: int | None = None) -> Array:
    """Return the slices along ``axis`` where the condition is true; all elements if None.

    ``condition`` may be shorter than the axis; what is longer is ignored, as in onnxruntime.
    """
    return chosen(input, condition, axis)


def trilu(input: Array, k: Any = 0, *, upper: bool = True) -> Array:
    """Return the matrices with 0 below diagonal ``k``, or above it if not ``upper``.

    Raises
    ------
    ValueError
        If ``k`` is not one number.
    """
    if not isinstance(k, jax.core.Tracer):
        return (jnp.triu if upper else jnp.tril)(input, as_int(k))
    if k.size != 1:
        raise ValueError(f"expected one number, got {k.size}")
    row, column = (
        lax.broadcasted_iota(k.dtype, input.shape[-2:], axis) for axis in (0, 1)
    )
    diagonal = column - row
    kept = diagonal >= k.reshape(()) if upper else diagonal <= k.reshape(())
    return jnp.where(kept, input, jnp.zeros((), input.dtype))
