"""Means and norms of windows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import prod
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from ._conv_windows import Pads
from ._norm import root
from ._pool import Pooling, pooling_axes, reduce_windows
from ._precision import widened
from ._rounding import rounded_once


def average_pool(
    x: Array,
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    ceil_mode: bool = False,
    count_include_pad: bool = False,
) -> Array:
    """Return the mean of each window: [N, C, D...] -> [N, C, O...]."""
    axes = pooling_axes(x.shape[2:], kernel_shape, strides, pads, dilations, ceil_mode)
    total = reduce_windows(widened(x), axes, lax.add, padding=0)
    counts = [_counts(axis, count_include_pad) for axis in axes]
    if all((count == axis.kernel).all() for count, axis in zip(counts, axes)):
        return (total / prod(kernel_shape)).astype(x.dtype)
    # A product over axes: windows are boxes, and so are their parts that count.
    table = reduce(lambda table, count: table[..., None] * count, counts)
    return (total / table.astype(total.dtype)).astype(x.dtype)


def _counts(axis: Pooling, include_pad: bool) -> np.ndarray[Any, Any]:
    """Return the number of elements that count in each window along one axis: [O]."""
    places = axis.places()
    low = -axis.pad_begin if include_pad else 0
    high = axis.size + axis.pad_end if include_pad else axis.size
    return np.asarray(np.sum((places >= low) & (places < high), axis=1))


@rounded_once
def lp_pool(
    x: Array,
    *,
    kernel_shape: Sequence[int],
    p: float = 2,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    ceil_mode: bool = False,
) -> Array:
    """Return the ``p``-norm of each window: [N, C, D...] -> [N, C, O...]."""
    axes = pooling_axes(x.shape[2:], kernel_shape, strides, pads, dilations, ceil_mode)
    return root(reduce_windows(jnp.abs(x) ** p, axes, lax.add, padding=0), p)


def global_average_pool(x: Array) -> Array:
    """Return the mean of each channel: [N, C, D...] -> [N, C, 1...]."""
    return jnp.mean(x, tuple(range(2, x.ndim)), keepdims=True)


@rounded_once
def global_lp_pool(x: Array, *, p: float = 2) -> Array:
    """Return the ``p``-norm of each channel: [N, C, D...] -> [N, C, 1...]."""
    axes = tuple(range(2, x.ndim))
    return root(jnp.sum(jnp.abs(x) ** p, axes, keepdims=True), p)


@rounded_once
def local_response_normalization(
    x: Array,
    *,
    size: int,
    alpha: float = 0.0001,
    beta: float = 0.75,
    bias: float = 1.0,
) -> Array:
    """Normalize each element by the ``size`` neighboring channels at its position."""
    c, before = x.shape[1], (size - 1) // 2
    axis = Pooling(c, size, 1, 1, before, size - 1 - before, c)
    total = reduce_windows(jnp.square(x), [axis], lax.add, padding=0, first=1)
    return x * (bias + (alpha / size) * total) ** -beta
