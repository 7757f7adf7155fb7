"""Reductions over some or all axes of a tensor.

``axes`` is a sequence or an array of integers; negative numbers count from the end. If it is
None or empty, all axes are reduced, or none if ``noop_with_empty_axes``. Reduced axes keep
length 1 unless ``keepdims`` is false.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf, prod
from typing import Any, Union

import jax
import jax.numpy as jnp
from jax import Array, lax

from ._ints import as_ints, distinct_axes
from ._limits import finite_range
from ._norm import root
from ._precision import wide_floats, widened

Axes = Union[Sequence[int], Array, None]


def _reduced(
    function: Callable[..., Array],
    data: Array,
    axes: Axes,
    keepdims: bool,
    noop_with_empty_axes: bool,
) -> Array:
    """Call ``function(data, axes, keepdims)``, small floats being float32.

    A scalar counts as one element along any axis, as in onnxruntime.
    """
    given = () if axes is None or data.ndim == 0 else as_ints(axes)
    places = distinct_axes(given, data.ndim)
    if not places and not noop_with_empty_axes:
        places = tuple(range(data.ndim))
    return function(widened(data), places, keepdims).astype(data.dtype)


def reduce_sum(
    data: Array,
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> Array:
    """Return the sum of all elements along ``axes``, of the dtype of ``data``.

    The sum of no elements is 0.
    """
    return _reduced(_sum, data, axes, keepdims, noop_with_empty_axes)


def reduce_prod(
    data: Array,
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> Array:
    """Return the product of all elements along ``axes``, of the dtype of ``data``.

    The product of no elements is 1.
    """
    return _reduced(_prod, data, axes, keepdims, noop_with_empty_axes)


def reduce_l1(
    data: Array,
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> Array:
    """Return the sum of absolute values along ``axes``, of the dtype of ``data``."""
    return _reduced(_l1, data, axes, keepdims, noop_with_empty_axes)


def reduce_sum_square(
    data: Array,
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> Array:
    """Return the sum of squares along ``axes``, of the dtype of ``data``."""
    return _reduced(_sum_square, data, axes, keepdims, noop_with_empty_axes)


def reduce_l2(
    data: Array,
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> Array:
    """Return the root of the sum of squares along ``axes``, of the dtype of ``data``.

    Of integers the root is rounded toward zero.
    """
    return _reduced(_l2, data, axes, keepdims, noop_with_empty_axes)


def reduce_mean(
    data: Array,
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> Array:
    """Return the mean of all elements along ``axes``, of the dtype of ``data``.

    The mean of integers is rounded toward zero; that of no elements is 0, as in
    onnxruntime.
    """
    return _reduced(_mean, data, axes, keepdims, noop_with_empty_axes)


def reduce_log_sum(
    data: Array,
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> Array:
    """Return the logarithm of the sum along ``axes``, of the dtype of ``data``."""
    return _reduced(_log_sum, data, axes, keepdims, noop_with_empty_axes)


def reduce_log_sum_exp(
    data: Array,
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> Array:
    """Return the logarithm of the sum of exponentials along ``axes``.

    The dtype is that of ``data``; the result for no elements is minus infinity.
    """
    return _reduced(_log_sum_exp, data, axes, keepdims, noop_with_empty_axes)


def reduce_max(
    data: Array,
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> Array:
    """Return the maximum along ``axes``, of the dtype of ``data``.

    The maximum of no elements is minus infinity, the smallest integer, or False.
    """
    return _reduced(_max, data, axes, keepdims, noop_with_empty_axes)


def reduce_min(
    data: Array,
    axes: Axes = None,
    *,
    keepdims: bool = True,
    noop_with_empty_axes: bool = False,
) -> Array:
    """Return the minimum along ``axes``, of the dtype of ``data``.

    The minimum of no elements is infinity, the largest integer, or True.
    """
    return _reduced(_min, data, axes, keepdims, noop_with_empty_axes)


def _sum(x: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    return jnp.sum(x, axes, x.dtype, keepdims=keepdims)


def _prod(x: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    return jnp.prod(x, axes, x.dtype, keepdims=keepdims)


def _l1(x: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    return _sum(jnp.abs(x), axes, keepdims)


def _sum_square(x: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    return _sum(jnp.square(x), axes, keepdims)


def _l2(x: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    return root(wide_floats(_sum_square(x, axes, keepdims)))


def _mean(x: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    count = max(1, prod(x.shape[axis] for axis in axes))
    if jnp.issubdtype(x.dtype, jnp.floating):
        return _sum(x, axes, keepdims) / count
    # lax.div rounds toward zero; a count that the type lacks is more than any sum.
    total = _sum(x, axes, keepdims)
    if count > finite_range(x.dtype)[1]:
        return jnp.zeros_like(total)
    return lax.div(total, jnp.full_like(total, count))


def _log_sum(x: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    return jnp.log(wide_floats(_sum(x, axes, keepdims)))


def _log_sum_exp(x: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    return jax.nn.logsumexp(wide_floats(x), axes, keepdims=keepdims)


def _max(x: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    # Without elements it is the lowest number.
    initial = None if x.size else _bounds(x.dtype)[0]
    return jnp.max(x, axes, keepdims=keepdims, initial=initial)


def _min(x: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    initial = None if x.size else _bounds(x.dtype)[1]
    return jnp.min(x, axes, keepdims=keepdims, initial=initial)


def _bounds(dtype: Any) -> tuple[Any, Any]:
    """Return the smallest and the largest number of a dtype, infinity included."""
    return (-inf, inf) if jnp.issubdtype(dtype, jnp.floating) else finite_range(dtype)
