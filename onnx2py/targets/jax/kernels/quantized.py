"""Sums, products and matrix products of quantized arrays, rounded as in onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Union

import jax.numpy as jnp
from jax import Array

from ._conv_windows import Pads
from ._exact import quotient
from ._float64 import widened_to_float64, with_float64
from .conv_integer import Scalar, qlinear_conv
from .matmul_integer import matmul_integer
from .quantization import as_float, dequantize_linear, quantize_linear

Parameter = Union[Array, float]


def qlinear_add(
    a: Array,
    a_scale: Parameter,
    a_zero_point: Parameter,
    b: Array,
    b_scale: Parameter,
    b_zero_point: Parameter,
    c_scale: Parameter,
    c_zero_point: Parameter = 0,
) -> Array:
    """Return the quantized sum of two quantized arrays of the same dtype.

    As onnxruntime does on x86, this computes ``a * ratio_a + (b * ratio_b + fixed)`` with
    fused multiply-add.
    """
    if a.shape[-1:] in ((), (1,)) and b.shape[-1:] not in ((), (1,)):
        # In onnxruntime, the operand that is broadcast comes second.
        a, a_scale, a_zero_point, b, b_scale, b_zero_point = (
            *(b, b_scale, b_zero_point),
            *(a, a_scale, a_zero_point),
        )
    scale, zero_point = _number(c_scale), _number(c_zero_point)
    ratio_a, ratio_b = (quotient(_number(s), scale) for s in (a_scale, b_scale))
    zero_b = _fused(ratio_b, _number(b_zero_point), 0)
    zeros = _fused(ratio_a, _number(a_zero_point), zero_b)
    y = _fused(b, ratio_b, zero_point - zeros)
    return quantize_linear(_fused(a, ratio_a, y), 1, dtype=a.dtype)


def _fused(x: Array, y: Array, z: Array | float) -> Array:
    """Return ``x * y + z``, rounded once to float32.

    float64, which JAX has here whatever its setting, represents the product exactly.
    """
    with with_float64():
        a, b, c = widened_to_float64(x, y, z)
        return (a * b + c).astype(jnp.float32)


def _number(parameter: Parameter) -> Array:
    """Return a scale or zero point as a scalar of float32."""
    return as_float(parameter).reshape(())


def qlinear_mul(
    a: Array,
    a_scale: Parameter,
    a_zero_point: Parameter,
    b: Array,
    b_scale: Parameter,
    b_zero_point: Parameter,
    c_scale: Parameter,
    c_zero_point: Parameter = 0,
) -> Array:
    """Return the quantized product of two quantized arrays of the same dtype."""
    ratio = quotient(_number(a_scale) * _number(b_scale), _number(c_scale))
    y = as_float(a) - _number(a_zero_point)
    y = y * (as_float(b) - _number(b_zero_point))
    # onnxruntime rounds the product before the sum; XLA would fuse them, but for the limits.
    y = jnp.clip(y * ratio, -512, 512) + _number(c_zero_point)
    return quantize_linear(y, 1, dtype=a.dtype)


def qgemm(
    a: Array,
    a_scale: Parameter,
    a_zero_point: Parameter,
    b: Array,
    b_scale: Parameter,
    b_zero_point: Parameter,
    c: Array | None = None,
    y_scale: Parameter | None = None,
    y_zero_point: Parameter | None = None,
    *,
    alpha: float = 1.0,
    trans_a: bool = False,
    trans_b: bool = False,
) -> Array:
    """Return ``alpha * (A @ B + c)`` of quantized matrices, A = (a - zero point) * scale.

    Parameters
    ----------
    a : [M, K], or [K, M] with ``trans_a``
    b : [K, N], or [N, K] with ``trans_b``; its scale and zero point may be [N]
    c : int32, broadcastable to [M, N], in units of the product of the scales

    Returns
    -------
    y : [M, N]
        Of the dtype of ``a``, or float32 if there is no ``y_scale``.
    """
    left, right = (a.T if trans_a else a), (b.T if trans_b else b)
    total = matmul_integer(left, right, a_zero_point, b_zero_point)
    y = as_float(total if c is None else total + c)
    scale = as_float(alpha) * as_float(a_scale) * as_float(b_scale)
    if y_scale is None:
        return y * scale
    zero_point = 0 if y_zero_point is None else y_zero_point
    return quantize_linear(y * quotient(scale, y_scale), 1, zero_point, dtype=a.dtype)


def qlinear_conv_channels_last(
    x: Array,
    x_scale: Scalar,
    x_zero_point: Scalar,
    weight: Array,
    weight_scale: Scalar | Sequence[float],
    weight_zero_point: Scalar | Sequence[int],
    y_scale: Scalar,
    y_zero_point: Array,
    bias: Array | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
) -> Array:
    """Convolve quantized channels-last arrays: [N, D..., C] -> [N, O..., M].

    Raises
    ------
    ValueError
        If the kernel is longer than the padded image.
    """
    y = qlinear_conv(
        jnp.moveaxis(x, -1, 1),
        x_scale,
        x_zero_point,
        weight,
        weight_scale,
        weight_zero_point,
        y_scale,
        y_zero_point,
        bias,
        strides=strides,
        pads=pads,
        dilations=dilations,
        group=group,
    )
    return jnp.moveaxis(y, 1, -1)


def qlinear_where(
    condition: Array,
    x: Array,
    x_scale: Parameter,
    x_zero_point: Parameter,
    y: Array,
    y_scale: Parameter,
    y_zero_point: Parameter,
    z_scale: Parameter,
    z_zero_point: Parameter,
) -> Array:
    """Select from quantized ``x`` and ``y`` by ``condition``, requantized to one scale."""
    first, second = (
        quantize_linear(
            dequantize_linear(part, _number(scale), _number(zero)),
            _number(z_scale),
            _number(z_zero_point),
            dtype=x.dtype,
        )
        for part, scale, zero in (
            (x, x_scale, x_zero_point),
            (y, y_scale, y_zero_point),
        )
    )
    return jnp.where(condition, first, second)


def qlinear_reduce_mean(
    x: Array,
    x_scale: Parameter,
    x_zero_point: Parameter,
    y_scale: Parameter,
    y_zero_point: Parameter = 0,
    *,
    axes: Sequence[int] = (),
    keepdims: bool = True,
) -> Array:
    """Return the quantized mean of a quantized array along ``axes`` (all if empty)."""
    real = dequantize_linear(x, x_scale, x_zero_point)
    mean = jnp.mean(real, tuple(axes) or None, keepdims=keepdims)
    return quantize_linear(mean, y_scale, y_zero_point, dtype=x.dtype)
