"""Piecewise-linear activations."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from ._rounding import rounded_once


def relu(x: Array) -> Array:
    """Return ``max(x, 0)``."""
    return jax.nn.relu(x)


@rounded_once
def leaky_relu(x: Array, *, alpha: float = 0.01) -> Array:
    """Return ``x`` where it is not negative, else ``alpha * x``."""
    return jax.nn.leaky_relu(x, alpha)


def prelu(x: Array, slope: Array) -> Array:
    """Return ``x`` where it is not negative, else ``slope * x``."""
    return jnp.where(x < 0, x * slope, x)


def prelu_per_channel(x: Array, slope: Array) -> Array:
    """Return ``prelu(x, slope)`` of [N, C, D...] with one slope, or one for each channel."""
    if slope.size > 1 and x.ndim > slope.ndim + 1:
        slope = slope.reshape(slope.shape + (1,) * (x.ndim - slope.ndim - 1))
    return prelu(x, slope)


@rounded_once
def thresholded_relu(x: Array, *, alpha: float = 1.0) -> Array:
    """Return ``x`` where it is above ``alpha``, else 0."""
    return jnp.where(x > alpha, x, 0)


@rounded_once
def shrink(x: Array, *, bias: float = 0.0, lambd: float = 0.5) -> Array:
    """Return ``x + bias`` below ``-lambd``, ``x - bias`` above ``lambd``, 0 between.

    Integers are computed as float32 and rounded toward zero.
    """
    a = x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(jnp.float32)
    y = jnp.where(a > lambd, a - bias, 0)
    return jnp.where(a < -lambd, a + bias, y).astype(x.dtype)


@rounded_once
def hard_sigmoid(x: Array, *, alpha: float = 0.2, beta: float = 0.5) -> Array:
    """Return ``alpha * x + beta``, limited to 0...1."""
    return jnp.clip(alpha * x + beta, 0, 1)


@rounded_once
def hard_swish(x: Array) -> Array:
    """Return ``x * h``, where h is ``x / 6 + 0.5``, limited to 0...1."""
    return jax.nn.hard_swish(x)
