"""float64 in single functions, whatever the setting of JAX."""

from __future__ import annotations

from typing import Any

import jax
import jax.experimental
import jax.numpy as jnp
from jax import Array, lax


def with_float64() -> Any:
    """Return a context in which JAX has types of 64 bits."""
    # Version 0.8 moved the function.
    home: Any = jax if hasattr(jax, "enable_x64") else jax.experimental
    return home.enable_x64(True)


def widened_to_float64(*values: Any) -> list[Array]:
    """Return numbers and arrays, rounded to float32, as float64.

    Before version 0.8, constants are compiled with 32 bits. Behind a barrier they are none.
    """
    narrow = lax.optimization_barrier([jnp.asarray(v, jnp.float32) for v in values])
    return [each.astype(float) for each in narrow]
