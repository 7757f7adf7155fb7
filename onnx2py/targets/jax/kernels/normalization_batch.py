"""Batch normalization with given statistics, or with those of the batch."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax

from ._precision import widened


def scale_and_shift(x: Array, scale: Array, shift: Array) -> Array:
    """Return ``x * scale + shift`` of the dtype of ``x``: parameters are such as [C, 1...]."""
    return (x * scale + shift).astype(x.dtype)


def batch_normalization(
    x: Array,
    scale: Array,
    bias: Array,
    mean: Array,
    var: Array,
    *,
    epsilon: float = 1e-5,
) -> Array:
    """Return ``(x - mean) / sqrt(var + epsilon) * scale + bias`` of [N, C, D...].

    Parameters are [C], or [C, D...] for statistics of each position.
    """
    factor = widened(scale) * lax.rsqrt(widened(var) + epsilon)
    shift = widened(bias) - widened(mean) * factor
    channels = scale.shape + (1,) * (x.ndim - 1 - scale.ndim)
    return scale_and_shift(x, factor.reshape(channels), shift.reshape(channels))


def batch_normalization_training(
    x: Array,
    scale: Array,
    bias: Array,
    mean: Array,
    var: Array,
    *,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
) -> tuple[Array, ...]:
    """Normalize with the statistics of ``x``, and update the running statistics.

    ``momentum`` is the weight of ``mean`` and ``var`` in the running statistics. Results are
    y, the running mean and variance, and the mean and variance of ``x``.
    """
    wide = widened(x)
    axes = (0, *range(1 + scale.ndim, x.ndim))
    saved_mean, saved_var = jnp.mean(wide, axes), jnp.var(wide, axes)
    y = batch_normalization(x, scale, bias, saved_mean, saved_var, epsilon=epsilon)
    running_mean = widened(mean) * momentum + saved_mean * (1 - momentum)
    running_var = widened(var) * momentum + saved_var * (1 - momentum)
    statistics = (running_mean, running_var, saved_mean, saved_var)
    return (y, *(s.astype(mean.dtype) for s in statistics))
