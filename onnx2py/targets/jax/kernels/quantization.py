"""Linear quantization: an integer q represents ``(q - zero_point) * scale``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

import jax.numpy as jnp
from jax import Array, lax

from ._exact import product, quotient

Parameter = Union[Array, float]


def quantize_linear(
    x: Array,
    y_scale: Parameter,
    y_zero_point: Parameter = 0,
    *,
    dtype: Any = jnp.uint8,
    precision: Any = jnp.float32,
) -> Array:
    """Return ``x / y_scale + y_zero_point`` as integers.

    Quotients are rounded half to even and saturated to the range of ``dtype``; NaN becomes
    its smallest number.

    Parameters
    ----------
    x : [...]
    y_scale, y_zero_point : numbers, or arrays broadcastable to ``x``
    dtype : type of integers of the result
    precision : dtype of the division; that of ``y_scale`` if None
    """
    steps = divided(x, y_scale, precision)
    return as_integers(jnp.round(steps) + as_float(y_zero_point), dtype)


def divided(x: Array, scale: Parameter, precision: Any) -> Array:
    """Return ``x / scale``, divided in ``precision``, as float32."""
    kind = precision or jnp.asarray(scale).dtype
    return quotient(x.astype(kind), scale).astype(jnp.float32)


def as_integers(steps: Array, dtype: Any) -> Array:
    """Saturate integers that are stored as floats; NaN becomes the smallest number."""
    limits = jnp.iinfo(dtype)
    steps = jnp.where(jnp.isnan(steps), limits.min, steps)
    return jnp.clip(steps, limits.min, limits.max).astype(dtype)


def as_float(parameter: Parameter | Sequence[float]) -> Array:
    """Return scales, zero points or integers as float32."""
    return jnp.asarray(parameter, jnp.float32)


def dequantize_linear(
    x: Array,
    x_scale: Parameter,
    x_zero_point: Parameter = 0,
    *,
    dtype: Any = jnp.float32,
) -> Array:
    """Return ``(x - x_zero_point) * x_scale``.

    Parameters
    ----------
    x : [...]
    x_scale, x_zero_point : numbers, or arrays broadcastable to ``x``
    dtype : dtype of the result, which is computed in float32
    """
    if x.dtype == jnp.int32:  # float32 does not hold each of them
        steps = as_float(x - jnp.asarray(x_zero_point, x.dtype))
    else:
        steps = as_float(x) - as_float(x_zero_point)
    return product(steps, x_scale).astype(dtype)


def fake_quantize(
    x: Array,
    scale: Parameter,
    zero_point: Parameter = 0,
    *,
    dtype: Any = jnp.uint8,
) -> Array:
    """Quantize and dequantize ``x``.

    The result is the same, but no integers are stored: ``x / scale`` is rounded half to
    even and limited to the range of ``dtype`` around the zero point. Gradients pass as if
    nothing were rounded.

    Parameters
    ----------
    x : float32[...]
    scale, zero_point : one number each
    dtype : type of integers
    """
    limits, zero = jnp.iinfo(dtype), as_float(zero_point)
    low, high = limits.min - zero, limits.max - zero
    steps = jnp.clip(quotient(x, scale), low, high)
    steps = jnp.where(jnp.isnan(steps), low, steps)
    steps = steps + lax.stop_gradient(jnp.round(steps) - steps)
    return product(steps, scale)


def dynamic_quantize_linear(x: Array) -> tuple[Array, Array, Array]:
    """Quantize to uint8 over the range of ``x``, extended to include 0.

    NaN has no part in the range, and becomes 0.

    Returns
    -------
    y : uint8[...]
    y_scale : float32[]
        (max(x, 0) - min(x, 0)) / 255, or 1 where ``x`` is all zero
    y_zero_point : uint8[]
    """
    numbers = jnp.where(jnp.isnan(x), 0, x)
    low, high = jnp.min(numbers, initial=0), jnp.max(numbers, initial=0)
    scale = jnp.where(high == low, 1, quotient(high - low, 255))
    zero_point = jnp.round(quotient(-low, scale))
    zero_point = as_integers(jnp.nan_to_num(zero_point, nan=255), jnp.uint8)
    return quantize_linear(x, scale, zero_point), scale, zero_point


def dynamic_quantize_linear_centered(x: Array) -> tuple[Array, Array]:
    """Quantize to uint8 over the range of ``x`` and 0; return floats minus the zero point.

    NaN has no part in the range, and becomes the smallest number.

    Returns
    -------
    y : float32[...]
        Integers.
    y_scale : float32[]
        (max(x, 0) - min(x, 0)) / 255, or 1 if ``x`` is all zero
    """
    steps, scale, zero_point = dynamic_quantize_linear(x)
    return as_float(steps) - as_float(zero_point), scale


def quantize_linear_per_axis(
    x: Array,
    y_scale: Array,
    y_zero_point: Array | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    dtype: Any = None,
    precision: Any = jnp.float32,
) -> Array:
    """Quantize with one scale, one per slice of ``axis``, or one per block.

    Parameters
    ----------
    x : [...]
    y_scale, y_zero_point : [], [1], [length of ``axis``], or of the rank of ``x``
    block_size : elements of ``axis`` that share a scale, if its rank is that of ``x``
    dtype : dtype of the result; that of ``y_zero_point`` by default
    precision : dtype of the division; that of ``y_scale`` if None

    Raises
    ------
    ValueError
        If a scale or zero point with several numbers has neither one axis nor those of ``x``.
    """
    scale = broadcast_parameter(y_scale, x.shape, axis, block_size)
    if y_zero_point is None:
        kind = dtype or jnp.uint8
        return quantize_linear(x, scale, dtype=kind, precision=precision)
    zero_point = broadcast_parameter(as_float(y_zero_point), x.shape, axis, block_size)
    kind = dtype or y_zero_point.dtype
    return quantize_linear(x, scale, zero_point, dtype=kind, precision=precision)


def dequantize_linear_per_axis(
    x: Array,
    x_scale: Array,
    x_zero_point: Array | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    dtype: Any = None,
) -> Array:
    """Dequantize with one scale, one per slice of ``axis``, or one per block.

    Parameters
    ----------
    x : [...]
    x_scale, x_zero_point : [], [1], [length of ``axis``], or of the rank of ``x``
    block_size : elements of ``axis`` that share a scale, if its rank is that of ``x``
    dtype : dtype of the result; that of ``x_scale`` by default

    Raises
    ------
    ValueError
        If a scale or zero point with several numbers has neither one axis nor those of ``x``.
    """
    scale = broadcast_parameter(x_scale, x.shape, axis, block_size)
    kind = dtype or x_scale.dtype
    if x_zero_point is None:
        return dequantize_linear(x, scale, dtype=kind)
    zero = x_zero_point if x.dtype == jnp.int32 else as_float(x_zero_point)
    zero_point = broadcast_parameter(zero, x.shape, axis, block_size)
    return dequantize_linear(x, scale, zero_point, dtype=kind)


def broadcast_parameter(
    parameter: Array, shape: tuple[int, ...], axis: int, block_size: int
) -> Array:
    """Return a scale or zero point, broadcastable to ``shape``.

    Raises
    ------
    ValueError
        If it has neither one element, nor one per slice of ``axis``, nor one per block.
    """
    if parameter.size == 1 and not block_size:
        return parameter.reshape(())
    if parameter.ndim == 1 and not block_size:
        after = len(shape) - 1 - axis if axis >= 0 else -1 - axis
        return parameter.reshape((-1,) + (1,) * after)
    if parameter.ndim != len(shape):
        raise ValueError(
            f"scale or zero point: expected rank {len(shape)}, got {parameter.shape}"
        )
    # By default, the only size that ONNX's rules allow for whole blocks.
    size = block_size or -(-shape[axis] // max(parameter.shape[axis], 1))
    spread = jnp.repeat(parameter, size, axis)
    return lax.slice_in_dim(spread, 0, min(shape[axis], spread.shape[axis]), axis=axis)
