"""Functions of quantized bytes."""

from __future__ import annotations

from collections.abc import Sequence
from math import log, prod
from typing import Union

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from ._exact import quotient
from ._float64 import widened_to_float64, with_float64
from .quantization import as_float, dequantize_linear, quantize_linear

Parameter = Union[Array, float]


def qlinear_sigmoid(
    x: Array,
    x_scale: Parameter,
    x_zero_point: Parameter,
    y_scale: Parameter,
    y_zero_point: Parameter = 0,
) -> Array:
    """Return the quantized ``1 / (1 + exp(-x))`` of a quantized array."""
    y = jax.nn.sigmoid(dequantize_linear(x, x_scale, x_zero_point))
    return quantize_linear(y, y_scale, y_zero_point, dtype=x.dtype)


def qlinear_leaky_relu(
    x: Array,
    x_scale: Parameter,
    x_zero_point: Parameter,
    y_scale: Parameter,
    y_zero_point: Parameter = 0,
    *,
    alpha: float = 0.01,
) -> Array:
    """Return the quantized leaky ReLU of a quantized array."""
    y = jax.nn.leaky_relu(dequantize_linear(x, x_scale, x_zero_point), alpha)
    return quantize_linear(y, y_scale, y_zero_point, dtype=x.dtype)


def qlinear_concat(
    y_scale: Parameter,
    y_zero_point: Parameter,
    tensors: Sequence[Array],
    scales: Sequence[Parameter],
    zero_points: Sequence[Parameter],
    *,
    axis: int,
) -> Array:
    """Concatenate quantized arrays along an axis, after requantizing them to one scale."""
    parts = []
    for x, scale, zero_point in zip(tensors, scales, zero_points):
        real = dequantize_linear(x, scale, zero_point)
        parts.append(quantize_linear(real, y_scale, y_zero_point, dtype=x.dtype))
    return jnp.concatenate(parts, axis)


def qlinear_softmax(
    x: Array,
    x_scale: Parameter,
    x_zero_point: Parameter | None,
    y_scale: Parameter,
    y_zero_point: Parameter = 0,
    *,
    axis: int = -1,
    flatten: bool = False,
) -> Array:
    """Return the quantized softmax of a quantized array, in the dtype of ``x``.

    Parameters
    ----------
    x : [...]
    axis : the axis along which results sum to 1
    flatten : whether to treat all axes from ``axis`` on as one, as before opset 13
    """
    if flatten:
        axis %= x.ndim
        rows = x.reshape(prod(x.shape[:axis]), prod(x.shape[axis:]))
        y = qlinear_softmax(rows, x_scale, x_zero_point, y_scale, y_zero_point)
        return y.reshape(x.shape)
    if x.size == 0:
        return x
    table = softmax_exponentials(x_scale, x.shape[axis])
    steps = x.astype(jnp.int32)
    y = table[255 + steps - jnp.max(steps, axis, keepdims=True)]
    total = jnp.sum(y, axis, keepdims=True)
    most = jnp.floor(quotient(jnp.float32(1), y_scale))
    # Exponentials fill the range of float32: without the power of two, products may overflow.
    y = quotient(y * (most * 2**-10), total * 2**-10)
    return quantize_linear(y, 1, y_zero_point, dtype=x.dtype)


def softmax_exponentials(x_scale: Parameter, length: int) -> Array:
    """Return ``exp(x_scale * (i - 255))`` for each byte, times a power of two for precision.

    As in onnxruntime, they are computed in float64, whether or not JAX has it elsewhere, and
    are near the largest numbers of float32.
    """
    room = max(0.0, log(float(jnp.finfo(jnp.float32).max) / length) - 5.0)
    given = np.arange(-255, 1), as_float(x_scale).reshape(()), room
    with with_float64():
        steps, scale, top = widened_to_float64(*given)
        return jnp.exp(steps * scale + top).astype(jnp.float32)
