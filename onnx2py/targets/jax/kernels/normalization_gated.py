"""Gates, and normalizations with gates."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from ._precision import widened
from ._rounding import rounded_once
from .normalization import rms_normalization


def gated_rms_normalization(
    x: Array,
    scale: Array,
    gate: Array,
    *,
    activation: str = "silu",
    epsilon: float = 1e-5,
) -> Array:
    """Normalize groups of C of [D..., H * C] by their root mean square; scale and gate them."""
    size = scale.size
    rows = widened(x).reshape(*x.shape[:-1], x.shape[-1] // size, size)
    y = rms_normalization(rows, widened(scale).reshape(size), epsilon=epsilon)
    opened = (jax.nn.sigmoid if activation == "sigmoid" else jax.nn.silu)(widened(gate))
    return (y.reshape(x.shape) * opened).astype(x.dtype)


def branchwise_rms_normalization(
    x: Array,
    scale: Array | None = None,
    *,
    num_branches: int = 0,
    epsilon: float = 1e-5,
) -> Array:
    """Normalize each of C branches of [D..., C, H] or [D..., C * H], then scale it.

    ``scale`` is [C * H], [C, H] or [H]; ``num_branches`` is C if the branches share an axis.
    """
    branches = num_branches or x.shape[-2]
    size = x.shape[-1] // (num_branches or 1)
    leading = x.shape[:-1] if num_branches else x.shape[:-2]
    y = rms_normalization(widened(x).reshape(*leading, branches, size), epsilon=epsilon)
    if scale is not None:
        several = scale.size == branches * size
        y = y * scale.reshape((branches, size) if several else (size,))
    return y.reshape(x.shape).astype(x.dtype)


def scaled_silu(x: Array, scale: Array | float = 1.0) -> Array:
    """Return ``z * sigmoid(z)`` of ``z = x * scale``."""
    factor = jnp.asarray(scale, jnp.float32)
    return jax.nn.silu(widened(x) * factor).astype(x.dtype)


@rounded_once
def gated_add(x: Array, y: Array, gate: Array) -> Array:
    """Return ``x + y * gate``; [D..., C] and a gate [D..., 1]."""
    return x + y * gate
