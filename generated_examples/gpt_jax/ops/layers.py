"""Layers: functions of an array and of the parameters of a module."""

from __future__ import annotations

import jax.numpy as jnp
from collections.abc import Mapping
from jax import Array, lax

Params = Mapping[str, Array]
"""``weight`` and, if there is one, ``bias``."""


def linear(x: Array, params: Params) -> Array:
    """Return ``x @ weight + bias``; ``weight`` is ``[in, out]``."""
    y = x @ params["weight"]
    return y + params["bias"] if "bias" in params else y


def embedding(ids: Array, params: Params) -> Array:
    """Return the rows of ``weight`` that have these numbers."""
    return params["weight"][ids]


def layer_norm(x: Array, params: Params, *, eps: float = 1e-5) -> Array:
    """Normalize ``x`` over the axes that ``weight`` has."""
    axes = tuple(range(-params["weight"].ndim, 0))
    y = _normalized(x, axes, eps) * params["weight"]
    return y + params["bias"] if "bias" in params else y


def _normalized(x: Array, axes: tuple[int, ...], eps: float) -> Array:
    """Return ``x`` with mean 0 and variance 1, computed with 32 bits or more."""
    wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
    mean = jnp.mean(wide, axes, keepdims=True)
    variance = jnp.mean(jnp.square(wide - mean), axes, keepdims=True)
    return ((wide - mean) * lax.rsqrt(variance + eps)).astype(x.dtype)
