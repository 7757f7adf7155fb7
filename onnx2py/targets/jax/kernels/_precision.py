"""Arithmetic of small floats in float32, as in onnxruntime.

Kernels of several steps compute in float32 and round their results once.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array


def widened(x: Array) -> Array:
    """Convert float16, bfloat16 and float8 to float32; return anything else unchanged."""
    small = jnp.issubdtype(x.dtype, jnp.floating) and x.dtype.itemsize < 4
    return x.astype(jnp.float32) if small else x
