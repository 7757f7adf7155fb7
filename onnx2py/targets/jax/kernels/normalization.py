"""Normalization with statistics of the array itself."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp
from jax import Array, lax

from ._norm import root
from ._precision import widened


def instance_normalization(
    input: Array, scale: Array, bias: Array, *, epsilon: float = 1e-5
) -> Array:
    """Normalize each channel of each instance of [N, C, D...], then scale it by [C]."""
    channels = (-1, *[1] * (input.ndim - 2))
    y = _standardized(widened(input), tuple(range(2, input.ndim)), epsilon)
    y = y * scale.reshape(channels) + bias.reshape(channels)
    return y.astype(input.dtype)


def group_normalization(
    x: Array, scale: Array, bias: Array, *, num_groups: int, epsilon: float = 1e-5
) -> Array:
    """Normalize each group of channels of [N, C, D...]; scale by channel or by group."""
    n, c, *sizes = x.shape
    groups = widened(x).reshape(n, num_groups, c // num_groups, *sizes)
    y = _standardized(groups, tuple(range(2, groups.ndim)), epsilon)
    y = y.reshape(n, scale.size, c // scale.size, *sizes)
    factors = (-1, *[1] * (y.ndim - 2))
    y = y * scale.reshape(factors) + bias.reshape(factors)
    return y.reshape(x.shape).astype(x.dtype)


def layer_normalization(
    x: Array,
    scale: Array | None = None,
    bias: Array | None = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
) -> Array:
    """Normalize over all axes from ``axis`` on to mean 0 and variance 1, then scale."""
    y = _standardized(widened(x), _from(x, axis), epsilon)
    y = y if scale is None else y * scale
    return (y if bias is None else y + bias).astype(x.dtype)


def layer_normalization_with_statistics(
    x: Array,
    scale: Array,
    bias: Array | None = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
) -> tuple[Array, Array, Array]:
    """Layer normalization; also returns means and inverse standard deviations, as float32."""
    wide, axes = widened(x), _from(x, axis)
    mean = jnp.mean(wide, axes, keepdims=True)
    inverse = lax.rsqrt(jnp.var(wide, axes, keepdims=True) + epsilon)
    y = layer_normalization(x, scale, bias, axis=axis, epsilon=epsilon)
    return y, mean.astype(jnp.float32), inverse.astype(jnp.float32)


def rms_normalization(
    x: Array, scale: Array | None = None, *, axis: int = -1, epsilon: float = 1e-5
) -> Array:
    """Divide by the root mean square over all axes from ``axis`` on, then scale.

    The result has the dtype of ``scale``.
    """
    wide = widened(x)
    square = jnp.mean(jnp.square(wide), _from(x, axis), keepdims=True)
    y = wide * lax.rsqrt(square + epsilon)
    if scale is None:
        return y.astype(x.dtype)
    return (y * scale).astype(scale.dtype)


def lp_normalization(input: Array, *, axis: int = -1, p: int = 2) -> Array:
    """Divide by the ``p``-norm along ``axis``; the result is 0 where the norm is 0."""
    x = widened(input)
    if p == 1:
        norm = jnp.sum(jnp.abs(x), axis, keepdims=True)
    else:
        norm = root(jnp.sum(jnp.square(x), axis, keepdims=True))
    y = jnp.where(norm == 0, 0, x / jnp.where(norm == 0, 1, norm))
    return y.astype(input.dtype)


def _standardized(x: Array, axes: Sequence[int], epsilon: float) -> Array:
    """Return ``x`` with mean 0 and variance 1 over ``axes``."""
    y = x - jnp.mean(x, axes, keepdims=True)
    return y * lax.rsqrt(jnp.mean(jnp.square(y), axes, keepdims=True) + epsilon)


def _from(x: Array, axis: int) -> tuple[int, ...]:
    """Return all axes from ``axis`` on."""
    return tuple(range(axis % x.ndim, x.ndim))
