"""Conversion of wider floats to those of 8 and 4 bits, which rounds once in all versions of JAX."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

ROUNDED_TWICE = ("float8_e4m3fn", "float8_e5m2", "float4_e2m1fn")
"""Types to which XLA converts float32 by way of float16, before version 0.8."""


def fitted(x: Array, dtype: Any) -> Array:
    """Return floats of 32 or 64 bits next to those that ``dtype`` rounds them to.

    Where JAX rounds once, these are ``x`` itself. The gradient is that of ``x``.
    """
    if jax.__version_info__ >= (0, 8) or jnp.dtype(dtype).name not in ROUNDED_TWICE:
        return x
    limits: Any = jnp.finfo(dtype)
    _, exponent = jnp.frexp(x)
    places = jnp.maximum(exponent - 1, limits.minexp) - limits.nmant
    step = jnp.ldexp(jnp.ones((), x.dtype), places)
    nearest = jnp.rint(x / step) * step
    # Sums that are 0 have no sign. A quarter of a step keeps it, and becomes 0.
    nearest = jnp.where(nearest == 0, jnp.copysign(step / 4, x), nearest)
    is_moved = jnp.isfinite(x) & (x != 0)
    return jnp.where(is_moved, x + lax.stop_gradient(nearest - x), x)
