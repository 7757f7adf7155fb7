"""Exact matrix products of 8-bit integers, summed in int32.

Processors have instructions for products of int8 with int8, so bytes without a sign are
shifted to int8, and zero points are left to the sums of rows and columns.
"""

from __future__ import annotations

from typing import Any, Union

import jax.numpy as jnp
from jax import Array

from ._exact import quotient
from .quantization import as_float, as_integers

ZeroPoint = Union[Array, float, None]


def matmul_integer(
    a: Array,
    b: Array,
    a_zero_point: ZeroPoint = None,
    b_zero_point: ZeroPoint = None,
) -> Array:
    """Return ``(a - a_zero_point) @ (b - b_zero_point)``.

    Parameters
    ----------
    a : int8 or uint8, [D..., M, K]
    b : int8 or uint8, [D..., K, N]
    a_zero_point : one number, one for each row [M], or [D..., M, 1]; 0 by default
    b_zero_point : one number, one for each column [N], or [D..., 1, N]; 0 by default
    """
    zero = None if a_zero_point is None else as_column(a_zero_point)
    if b.ndim == 1:
        return matmul_integer(a, b[:, None], zero, b_zero_point)[..., 0]
    if a.ndim == 1:
        return matmul_integer(a[None], b, zero, b_zero_point)[..., 0, :]
    left, zero_a = _signed(a, zero)
    right, zero_b = _signed(b, b_zero_point)
    y = jnp.matmul(left, right, preferred_element_type=jnp.int32)
    if zero_b is not None:
        y = y - zero_b * jnp.sum(left, -1, jnp.int32, keepdims=True)
    if zero_a is not None:
        columns = jnp.sum(right, -2, jnp.int32, keepdims=True)
        if zero_b is not None:
            columns = columns - zero_b * a.shape[-1]
        y = y - zero_a * columns
    return y


def _signed(x: Any, zero_point: ZeroPoint) -> tuple[Array, Array | None]:
    """Return bytes as int8, and their zero point as int32, if it is not 0."""
    is_zero = zero_point is None or (isinstance(zero_point, int) and zero_point == 0)
    zero = None if is_zero else jnp.asarray(zero_point, jnp.int32)
    if x.dtype != jnp.uint8:
        return x, zero
    return (x ^ 128).view(jnp.int8), (0 if zero is None else zero) - jnp.int32(128)


def qlinear_matmul(
    a: Array,
    a_scale: Array,
    a_zero_point: Array,
    b: Array,
    b_scale: Array,
    b_zero_point: Array,
    y_scale: Array,
    y_zero_point: Array,
) -> Array:
    """Return the quantized product of two quantized matrices.

    An integer q represents ``(q - zero_point) * scale``. Results are rounded half to even
    and have the dtype of ``y_zero_point``.

    Parameters
    ----------
    a : [D..., M, K]
    b : [D..., K, N]
    a_scale, a_zero_point : one number, one for each row [M], or [D..., M, 1]
    b_scale, b_zero_point : one number, one for each column [N], or [D..., 1, N]
    y_scale, y_zero_point : one number, one for each row [M], or [D..., M, 1]
    """
    y = matmul_integer(a, b, a_zero_point, b_zero_point)
    scale = as_float(as_column(a_scale)) * as_float(b_scale)
    scale = quotient(scale, as_column(y_scale))
    return requantize(y, scale, as_column(y_zero_point))


def requantize(y: Array, scale: Array, zero_point: Array) -> Array:
    """Return ``y * scale + zero_point``, rounded and clipped to the zero point's dtype."""
    steps = jnp.round(y.astype(jnp.float32) * scale) + as_float(zero_point)
    return as_integers(steps, zero_point.dtype)


def as_column(x: Any) -> Any:
    """Reshape one number per row, [M], to a column [M, 1]."""
    return x[:, None] if jnp.ndim(x) == 1 and jnp.size(x) > 1 else x
