"""One optimization step: new values of tensors from their gradients.

``tensors`` holds all tensors to optimize, then their gradients, then their states, kind by
kind; results are in the same order, without the gradients.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, log
from typing import Any

import jax.numpy as jnp
from jax import Array


def adagrad(
    rate: Array,
    count: Array,
    *tensors: Array,
    norm_coefficient: float = 0.0,
    decay_factor: float = 0.0,
    epsilon: float = 1e-6,
) -> tuple[Array, ...]:
    """Return new tensors, and their sums of squared gradients."""
    r = rate / (1 + jnp.asarray(count) * decay_factor)
    results = []
    for x, g, h in _grouped(tensors, 3):
        g = norm_coefficient * x + g
        h = h + g * g
        results.append((x - r * g / (jnp.sqrt(h) + epsilon), h))
    return _ungrouped(results, tensors[0].dtype)


def adam(
    rate: Array,
    count: Array,
    *tensors: Array,
    alpha: float = 0.9,
    beta: float = 0.999,
    epsilon: float = 1e-6,
    norm_coefficient: float = 0.0,
    norm_coefficient_post: float = 0.0,
) -> tuple[Array, ...]:
    """Return new tensors, and the running means of gradients and of their squares."""
    t = jnp.maximum(count, 1)
    adjusted = rate * jnp.sqrt(_less_power(beta, t)) / _less_power(alpha, t)
    r = jnp.where(count > 0, adjusted, rate)
    results = []
    for x, g, v, h in _grouped(tensors, 4):
        g = norm_coefficient * x + g
        v = alpha * v + (1 - alpha) * g
        h = beta * h + (1 - beta) * g * g
        x = x - r * v / (jnp.sqrt(h) + epsilon)
        results.append(((1 - norm_coefficient_post) * x, v, h))
    return _ungrouped(results, tensors[0].dtype)


def momentum(
    rate: Array,
    count: Array,
    *tensors: Array,
    alpha: float,
    beta: float,
    norm_coefficient: float,
    nesterov: bool = False,
) -> tuple[Array, ...]:
    """Return new tensors, and their momenta."""
    factor = jnp.where(count > 0, beta, 1.0)
    results = []
    for x, g, v in _grouped(tensors, 3):
        g = norm_coefficient * x + g
        v = alpha * v + factor * g
        x = x - rate * (g + alpha * v if nesterov else v)
        results.append((x, v))
    return _ungrouped(results, tensors[0].dtype)


def _less_power(base: float, exponent: Array) -> Array:
    """Return ``1 - base**exponent``, exactly where the power is almost 1."""
    return -jnp.expm1(exponent * (log(base) if base > 0 else -inf))


def _grouped(tensors: tuple[Array, ...], kinds: int) -> Any:
    """Yield each tensor with its gradient and its states."""
    size = len(tensors) // kinds
    return zip(*(tensors[k * size : (k + 1) * size] for k in range(kinds)))


def _ungrouped(results: Sequence[tuple[Array, ...]], dtype: Any) -> tuple[Array, ...]:
    """Return all first results, then all second results, and so on."""
    return tuple(x.astype(dtype) for kind in zip(*results) for x in kind)
