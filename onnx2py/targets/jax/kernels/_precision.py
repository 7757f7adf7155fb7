"""Arithmetic of small floats in float32, as in onnxruntime.

Kernels of several steps compute in float32 and round their results once.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array


def widened(x: Array) -> Array:
    """Convert float16, bfloat16 and float8 to float32; return anything else unchanged."""
    return x.astype(wide_dtype(x.dtype))


def wide_dtype(dtype: Any) -> Any:
    """Return float32 for float16, bfloat16 and float8, else ``dtype`` itself."""
    is_small = jnp.issubdtype(dtype, jnp.floating) and dtype.itemsize < 4
    return jnp.float32 if is_small else dtype


def wide_floats(x: Array) -> Array:
    """Convert integers to float64, and small floats to float32."""
    if jnp.issubdtype(x.dtype, jnp.floating):
        return widened(x)
    return x.astype(float)
