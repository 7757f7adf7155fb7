"""Linear quantization to integers of four bits or less, and to small floats."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array

from .arrays import astype
from .quantization import (
    as_float,
    broadcast_parameter,
    divided,
    quantize_linear_per_axis,
)


def quantize_linear_narrow(
    x: Array,
    y_scale: Array,
    y_zero_point: Array | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    dtype: Any,
    precision: Any = jnp.float32,
) -> Array:
    """Return ``x / y_scale + y_zero_point`` as 2-bit or 4-bit integers.

    Parameters
    ----------
    x : [...]
    y_scale, y_zero_point : [], [1], [length of ``axis``], or of the rank of ``x``
    block_size : elements of ``axis`` that share a scale, if its rank is that of ``x``
    dtype : int4, uint4, int2 or uint2
    precision : dtype of the division; that of ``y_scale`` if None

    Raises
    ------
    ValueError
        If a scale or zero point with several numbers has neither one axis nor those of ``x``.
    """
    return quantize_linear_per_axis(
        x,
        y_scale,
        y_zero_point,
        axis=axis,
        block_size=block_size,
        dtype=dtype,
        precision=precision,
    )


def quantize_linear_to_float(
    x: Array,
    y_scale: Array,
    y_zero_point: Array | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    dtype: Any,
    precision: Any = jnp.float32,
    saturate: bool = True,
) -> Array:
    """Return ``x / y_scale + y_zero_point`` as 4-bit to 8-bit floats.

    Parameters
    ----------
    x : [...]
    y_scale, y_zero_point : [], [1], [length of ``axis``], or of the rank of ``x``
    block_size : elements of ``axis`` that share a scale, if its rank is that of ``x``
    dtype : a float4 or float8 type
    precision : dtype of the division; that of ``y_scale`` if None
    saturate : whether numbers out of range become the largest number, not infinity or NaN

    Raises
    ------
    ValueError
        If a scale or zero point with several numbers has neither one axis nor those of ``x``.
    """
    y = divided(x, broadcast_parameter(y_scale, x.shape, axis, block_size), precision)
    if y_zero_point is not None:
        zero_point = as_float(y_zero_point)
        y = y + broadcast_parameter(zero_point, x.shape, axis, block_size)
    largest = float(jnp.finfo(dtype).max)
    return astype(jnp.clip(y, -largest, largest) if saturate else y, dtype)
