"""Roots of sums, whose gradient at 0 is 0 rather than NaN."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array


def root(total: Array, p: float = 2) -> Array:
    """Return ``total ** (1 / p)`` of numbers that are not negative."""
    some = total != 0
    positive = jnp.where(some, total, 1)
    y = jnp.sqrt(positive) if p == 2 else positive ** (1 / p)
    return jnp.where(some, y, 0)
