"""Elementwise arithmetic that JAX defines differently, or not for all types."""

from __future__ import annotations

from functools import reduce
from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from ._limits import finite_range
from ._precision import widened


def identity(x: Any) -> Any:
    """Return ``x`` itself: an array, a sequence or an optional value."""
    return x


def div(a: Array, b: Array) -> Array:
    """Return ``a / b``; the quotient of integers is rounded toward zero, as in C."""
    if jnp.issubdtype(a.dtype, jnp.floating):
        return jnp.divide(a, b)
    return lax.div(*jnp.broadcast_arrays(a, b))


def power(x: Array, y: Array) -> Array:
    """Return ``x ** y``, of the dtype of ``x``.

    Integers to a power that is a float are computed as float64 and rounded toward zero.
    """
    x = jnp.asarray(x)
    if jnp.issubdtype(x.dtype, jnp.floating):
        return jnp.power(x, y).astype(x.dtype)
    if jnp.issubdtype(y.dtype, jnp.floating):
        return jnp.power(x.astype(float), y.astype(float)).astype(x.dtype)
    y = y.astype(int)
    powers = jnp.power(x, jnp.maximum(y, 0)).astype(x.dtype)
    # What is less than 1 is rounded toward 0.
    inverse = jnp.where(jnp.abs(x) == 1, jnp.power(x, y & 1), 0).astype(x.dtype)
    return jnp.where(y < 0, inverse, powers)


def cube(x: Array) -> Array:
    """Return ``x * x * x``."""
    return jnp.power(x, 3)


def clip(
    x: Array, min: Array | float | None = None, max: Array | float | None = None
) -> Array:
    """Return ``x`` limited to ``min``...``max``; ``max`` wins where ``min`` is greater.

    A missing bound is the smallest or largest finite number.
    """
    if jnp.issubdtype(x.dtype, jnp.floating):
        least, largest = finite_range(x.dtype)
        min, max = least if min is None else min, largest if max is None else max
    return jnp.clip(x, _bound(min, x.dtype), _bound(max, x.dtype))


def _bound(number: Any, dtype: Any) -> Array | None:
    return None if number is None else jnp.asarray(number, dtype).reshape(())


def elementwise_max(*data: Array) -> Array:
    """Return the maximum of all arrays, broadcast; NaN where one of them is NaN."""
    return reduce(jnp.maximum, data)


def elementwise_min(*data: Array) -> Array:
    """Return the minimum of all arrays, broadcast; NaN where one of them is NaN."""
    return reduce(jnp.minimum, data)


def elementwise_sum(*data: Array) -> Array:
    """Return the sum of all arrays, broadcast; small floats are summed in float32."""
    return reduce(jnp.add, map(widened, data)).astype(jnp.result_type(*data))


def elementwise_mean(*data: Array) -> Array:
    """Return the mean of all arrays, broadcast; small floats are summed in float32."""
    mean = reduce(jnp.add, map(widened, data)) / len(data)
    return mean.astype(jnp.result_type(*data))
