"""Matrix products."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from ._precision import wide_dtype, widened


def matmul(a: Array, b: Array) -> Array:
    """Return ``a @ b`` in the dtype of ``a``; small floats are summed in float32."""
    dtype = jnp.result_type(a, b)
    y = jnp.matmul(a, b, preferred_element_type=wide_dtype(dtype))
    return y.astype(dtype)


def gemm(
    a: Array,
    b: Array,
    c: Array | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    trans_a: bool = False,
    trans_b: bool = False,
) -> Array:
    """Return ``alpha * a @ b + beta * c``, with a and b transposed if requested.

    Parameters
    ----------
    a : [M, K], or [K, M] if ``trans_a``
    b : [K, N], or [N, K] if ``trans_b``
    c : broadcastable to [M, N]; 0 by default
    """
    left, right = a.T if trans_a else a, b.T if trans_b else b
    dtype = jnp.result_type(a, b)
    y = jnp.matmul(left, right, preferred_element_type=wide_dtype(dtype))
    if alpha != 1:
        y = (y * alpha).astype(y.dtype)
    if c is not None:
        y = y + (c if beta == 1 else (widened(c) * beta).astype(y.dtype))
    return y.astype(dtype)
