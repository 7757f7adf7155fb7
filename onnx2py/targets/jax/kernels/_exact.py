"""Quotients and products that are rounded once, as they are written.

XLA rewrites some, which rounds otherwise: 2.5 steps would become 2.5000002, and so 3. It does not
look behind barriers.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array, lax


def quotient(x: Any, y: Any) -> Array:
    """Return ``x / y`` in the dtype of ``x``, not the product by a reciprocal."""
    x, y = jnp.broadcast_arrays(x, jnp.asarray(y, x.dtype))
    return jnp.divide(x, lax.optimization_barrier(y))


def product(x: Any, y: Any) -> Array:
    """Return ``x * y`` in the dtype of ``x``; XLA does not multiply two constants first."""
    return jnp.multiply(x, lax.optimization_barrier(jnp.asarray(y, x.dtype)))
