"""Activations that use exponentials."""

from __future__ import annotations

import jax
from jax import Array

from ._rounding import rounded_once


@rounded_once
def sigmoid(x: Array) -> Array:
    """Return ``1 / (1 + exp(-x))``."""
    return jax.nn.sigmoid(x)


@rounded_once
def swish(x: Array, *, alpha: float = 1.0) -> Array:
    """Return ``x * sigmoid(alpha * x)``; also known as SiLU."""
    return jax.nn.silu(x) if alpha == 1 else x * jax.nn.sigmoid(alpha * x)


def swiglu(a: Array, b: Array, *, alpha: float = 1.0) -> Array:
    """Return ``a / (1 + exp(-alpha * a)) * b``, the value b gated by a."""
    return swish(a, alpha=alpha) * b


@rounded_once
def softplus(x: Array) -> Array:
    """Return ``log(exp(x) + 1)``."""
    return jax.nn.softplus(x)


@rounded_once
def softsign(x: Array) -> Array:
    """Return ``x / (1 + |x|)``."""
    return jax.nn.soft_sign(x)


@rounded_once
def mish(x: Array) -> Array:
    """Return ``x * tanh(softplus(x))``."""
    return jax.nn.mish(x)


@rounded_once
def elu(x: Array, *, alpha: float = 1.0) -> Array:
    """Return ``x`` where it is positive, else ``alpha * (exp(x) - 1)``."""
    return jax.nn.elu(x, alpha)


@rounded_once
def selu(x: Array, *, alpha: float = 1.6732632, gamma: float = 1.050701) -> Array:
    """Return ``gamma * elu(x)``."""
    return gamma * jax.nn.elu(x, alpha)


@rounded_once
def celu(x: Array, *, alpha: float = 1.0) -> Array:
    """Return ``max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0)``."""
    return jax.nn.celu(x, alpha)
