"""Normalization to mean 0 and variance 1, without parameters."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from ._norm import root
from ._rounding import rounded_once


@rounded_once
def mean_variance_normalization(
    x: Array,
    *,
    axes: tuple[int, ...] = (0, 2, 3),
    normalize_variance: bool = True,
) -> Array:
    """Normalize to mean 0, and to variance 1 if requested, over the ``axes`` that exist.

    Raises
    ------
    ValueError
        If ``x`` has none of the axes.
    """
    own = tuple({axis % x.ndim for axis in axes if -x.ndim <= axis < x.ndim})
    if not own:
        raise ValueError(
            f"axes: expected axes of an input of rank {x.ndim}, got {axes}"
        )
    y = x - jnp.mean(x, own, keepdims=True)
    if normalize_variance:
        y = y / (root(jnp.mean(jnp.square(y), own, keepdims=True)) + 1e-9)
    return y
