"""Scaled dot-product attention."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from ._attention import product_by_group


def dot_product_attention(
    q: Array,
    k: Array,
    v: Array,
    mask: Array | None = None,
    *,
    scale: float = 1.0,
    zero_for_nan: bool = False,
    groups: int = 1,
) -> Array:
    """Return ``softmax(scale * q @ k + mask) @ v``; keys are columns, [D..., E, T].

    ``groups`` consecutive heads of q share a head of k and v. The softmax of a row of minus
    infinity is NaN, or 0 with ``zero_for_nan``.
    """
    product = jnp.matmul if groups == 1 else product_by_group
    scores = product(q if scale == 1 else q * scale, k)
    if mask is None:
        return product(_weights(scores, zero_for_nan), v)
    # Apart from the others: a row without keys has no gradient, rather than NaN.
    nothing = (mask == -jnp.inf).all(-1, keepdims=True) & (k.shape[-1] > 0)
    scores = scores + jnp.where(nothing, 0, mask)
    y = product(_weights(scores, zero_for_nan), v)
    return jnp.where(nothing, 0 if zero_for_nan else jnp.nan, y)


def _weights(scores: Array, zero_for_nan: bool) -> Array:
    weights = jax.nn.softmax(scores)
    if not zero_for_nan:
        return weights
    return jnp.where(jnp.isnan(weights), 0, weights)
