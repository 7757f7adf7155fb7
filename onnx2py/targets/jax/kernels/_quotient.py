"""Quotients that round as in NumPy and onnxruntime."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array, lax


def quotient(x: Any, y: Any) -> Array:
    """Return ``x / y`` in the dtype of ``x``, rounded to the nearest number.

    XLA multiplies by the reciprocal of a number that divides several, which rounds twice:
    2.5 steps would become 2.5000002, and so 3. It does not look behind the barrier.
    """
    x, y = jnp.broadcast_arrays(x, jnp.asarray(y, x.dtype))
    y = lax.optimization_barrier(y)
    return jnp.divide(x, y)
