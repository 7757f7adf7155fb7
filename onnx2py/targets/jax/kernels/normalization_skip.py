"""Normalization of sums, as defined by onnxruntime's own operators."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax

from ._precision import widened
from ._rounding import rounded_once
from .normalization import (
    layer_normalization,
    layer_normalization_with_statistics,
    rms_normalization,
)


@rounded_once
def skip_layer_normalization(
    input: Array,
    skip: Array,
    gamma: Array,
    beta: Array | None = None,
    bias: Array | None = None,
    *,
    epsilon: float = 1e-12,
) -> Array:
    """Return the layer normalization of ``input + skip + bias``."""
    total = skip_sum(input, skip, bias)
    return layer_normalization(total, gamma, beta, epsilon=epsilon)


def skip_layer_normalization_with_sum(
    input: Array,
    skip: Array,
    gamma: Array,
    beta: Array | None = None,
    bias: Array | None = None,
    *,
    epsilon: float = 1e-12,
) -> tuple[Array, ...]:
    """Return the normalized sum, its means and inverse deviations, and the sum itself.

    The statistics are float32. The sum is normalized before it is rounded.
    """
    total = skip_sum(input, skip, bias)
    y, *statistics = layer_normalization_with_statistics(
        total, gamma, beta, epsilon=epsilon
    )
    return y.astype(input.dtype), *statistics, total.astype(input.dtype)


def rms_normalization_with_statistics(
    x: Array, scale: Array, *, axis: int = -1, epsilon: float = 1e-5
) -> tuple[Array, Array]:
    """RMS normalization; also returns the inverse root mean square, as float32."""
    axes = tuple(range(axis % x.ndim, x.ndim))
    square = jnp.mean(jnp.square(widened(x)), axes, keepdims=True)
    y = rms_normalization(x, scale, axis=axis, epsilon=epsilon)
    return y, lax.rsqrt(square + epsilon).astype(jnp.float32)


def skip_rms_normalization(
    input: Array,
    skip: Array,
    gamma: Array,
    bias: Array | None = None,
    *,
    epsilon: float = 1e-12,
) -> tuple[Array, ...]:
    """Return the RMS normalization of ``input + skip + bias``, and that sum.

    The two results between them are 0, for the means, and the inverse root mean square.
    """
    total = skip_sum(input, skip, bias)
    y, inverse = rms_normalization_with_statistics(
        total, widened(gamma), epsilon=epsilon
    )
    dtype = input.dtype
    return y.astype(dtype), jnp.zeros_like(inverse), inverse, total.astype(dtype)


@rounded_once
def embed_layer_normalization(
    input_ids: Array,
    segment_ids: Array | None,
    word_embedding: Array,
    position_embedding: Array,
    segment_embedding: Array | None,
    gamma: Array,
    beta: Array,
    mask: Array | None = None,
    position_ids: Array | None = None,
    *,
    epsilon: float = 1e-12,
) -> tuple[Array, Array, Array]:
    """Return the normalized sum of embeddings, the number of words, and the sum.

    Indices and mask are [B, S]; the number of words [B] is 0 without a mask.
    """
    if position_ids is None:
        position_ids = jnp.arange(input_ids.shape[1])[None]
    total = jnp.take(word_embedding, input_ids, 0)
    total = total + jnp.take(position_embedding, position_ids, 0)
    if segment_embedding is not None and segment_ids is not None:
        total = total + jnp.take(segment_embedding, segment_ids, 0)
    count = jnp.zeros(len(input_ids), jnp.int32)
    if mask is not None:
        count = jnp.sum(mask == 1, 1, dtype=jnp.int32)
    return layer_normalization(total, gamma, beta, epsilon=epsilon), count, total


def skip_sum(input: Array, skip: Array, bias: Array | None) -> Array:
    """Return ``input + skip + bias``; small floats are not rounded yet."""
    total = widened(input) + skip
    return total if bias is None else total + bias
