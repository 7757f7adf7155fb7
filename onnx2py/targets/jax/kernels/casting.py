"""Conversion of element types."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from .arrays import astype


def cast(x: Array, dtype: Any) -> Array:
    """Convert ``x``, whose dtype is known only at run time, to ``dtype``."""
    return astype(x, dtype)


def cast_like(x: Array, target_type: Array) -> Array:
    """Convert ``x`` to the dtype of ``target_type``.

    Raises
    ------
    TypeError
        If that has 8 bits or less and is not one of NumPy's own dtypes: there are several
        ways to those.
    """
    dtype = target_type.dtype
    if dtype.itemsize == 1 and dtype.kind == "V":
        raise TypeError(f"cast_like: expected another type than {dtype}")
    return astype(x, dtype)


def cast_saturated(x: Array, dtype: Any, *, largest: float) -> Array:
    """Convert ``x`` to ``dtype`` with saturation at ``largest``, its largest number.

    Numbers out of range, including infinity, become the largest or smallest number.
    """
    return astype(jnp.clip(x.astype(jnp.float32), -largest, largest), dtype)


def cast_through_float32(x: Array, dtype: Any) -> Array:
    """Convert ``x`` to ``dtype`` by way of float32."""
    return astype(x.astype(jnp.float32), dtype)


def cast_rounded(x: Array, dtype: Any) -> Array:
    """Round ``x`` to integers, halves away from zero, and convert it to ``dtype``.

    Bits that do not fit are dropped, as onnxruntime does for 2-bit and 4-bit integers.
    """
    wide = x.astype(jnp.float32)
    return jnp.trunc(wide + jnp.copysign(0.5, wide)).astype(jnp.int32).astype(dtype)


def cast_to_exponents(
    x: Array, dtype: Any, *, saturate: bool = True, round_mode: str = "up"
) -> Array:
    """Convert ``x`` to powers of two: ``dtype`` has 8 bits, all of them exponent.

    ``round_mode`` is ``up``, ``down`` or ``nearest``, which rounds halves up. Numbers
    outside 2 ** -127 ... 2 ** 127 become the nearest power with ``saturate``, else NaN.
    """
    wide = x.astype(jnp.float32)
    # Numbers are compared by their bits: XLA takes those below 2 ** -126 for 0 on a CPU.
    bits = lax.bitcast_convert_type(wide, jnp.int32)
    exponent = bits >> 23 & 0xFF
    # Below 2 ** -126 the first bit of the fraction takes the place of the exponent.
    rest = jnp.where(exponent > 0, bits & 0x7FFFFF, (bits & 0x3FFFFF) << 1)
    least = {"up": 1, "nearest": 0x400000, "down": 0x800000}[round_mode]
    y = exponent + (rest >= least)
    y = jnp.where(bits < 0x400000, 0 if saturate else 255, y)
    y = jnp.where(bits > 0x7F000000, 254 if saturate else 255, y)
    y = jnp.where(jnp.isnan(wide), 255, y).astype(jnp.uint8)
    return lax.bitcast_convert_type(y, dtype)
