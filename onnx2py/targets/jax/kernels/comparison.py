"""Elementwise tests with options."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from ._precision import widened


def is_inf(
    x: Array, *, detect_negative: bool = True, detect_positive: bool = True
) -> Array:
    """Return where ``x`` is positive or negative infinity, as far as each is requested."""
    x = widened(x)
    if detect_negative and detect_positive:
        return jnp.isinf(x)
    if detect_negative:
        return jnp.isneginf(x)
    if detect_positive:
        return jnp.isposinf(x)
    return jnp.zeros_like(x, dtype=bool)
