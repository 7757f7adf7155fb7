"""Matrix products that onnxruntime fuses with operations before or after them."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from ._precision import wide_dtype
from ._rounding import rounded_once
from .matmul import gemm
from .matmul_integer import as_column, matmul_integer
from .quantization import dynamic_quantize_linear


def fused_matmul(
    a: Array,
    b: Array,
    *,
    alpha: float = 1.0,
    trans_a: bool = False,
    trans_b: bool = False,
    trans_batch_a: bool = False,
    trans_batch_b: bool = False,
) -> Array:
    """Return ``alpha * a @ b``, with axes of ``a`` and ``b`` permuted first if requested.

    ``trans_batch_a`` and ``trans_batch_b`` move the first axis before the last; then
    ``trans_a`` and ``trans_b`` swap the last two axes.
    """
    left = jnp.moveaxis(a, 0, -2) if trans_batch_a and a.ndim > 2 else a
    right = jnp.moveaxis(b, 0, -2) if trans_batch_b and b.ndim > 2 else b
    left = left.mT if trans_a and a.ndim > 1 else left
    right = right.mT if trans_b and b.ndim > 1 else right
    y = jnp.matmul(left, right, preferred_element_type=wide_dtype(a.dtype))
    return (y * alpha).astype(a.dtype)


@rounded_once
def fused_gemm(
    a: Array,
    b: Array,
    c: Array | None = None,
    *,
    activation: str,
    activation_alpha: float = 0.0,
    activation_beta: float = 0.0,
    activation_gamma: float = 1.0,
    alpha: float = 1.0,
    beta: float = 1.0,
    trans_a: bool = False,
    trans_b: bool = False,
) -> Array:
    """Return ``activation(gemm(...))``.

    ``activation`` is the name of an ONNX operator; the next three parameters are its
    attributes.
    """
    y = gemm(a, b, c, alpha=alpha, beta=beta, trans_a=trans_a, trans_b=trans_b)
    if activation == "Selu":
        return activation_gamma * jax.nn.elu(y, activation_alpha)
    return _activated(y, activation, activation_alpha, activation_beta)


def _activated(x: Array, activation: str, alpha: float, beta: float) -> Array:
    functions = {
        "Affine": lambda: alpha * x + beta,
        "Celu": lambda: jax.nn.celu(x, alpha),
        "Elu": lambda: jax.nn.elu(x, alpha),
        "HardSigmoid": lambda: jnp.clip(alpha * x + beta, 0, 1),
        "LeakyRelu": lambda: jax.nn.leaky_relu(x, alpha),
        "ParametricSoftplus": lambda: alpha * jax.nn.softplus(beta * x),
        "Relu": lambda: jax.nn.relu(x),
        "ScaledTanh": lambda: alpha * jnp.tanh(beta * x),
        "Sigmoid": lambda: jax.nn.sigmoid(x),
        "Softplus": lambda: jax.nn.softplus(x),
        "Softsign": lambda: jax.nn.soft_sign(x),
        "Tanh": lambda: jnp.tanh(x),
        "ThresholdedRelu": lambda: jnp.where(x > alpha, x, 0),
    }
    return functions[activation]()


@rounded_once
def matmul_integer_to_float(
    a: Array,
    b: Array,
    a_scale: Array,
    b_scale: Array,
    a_zero_point: Array | None = None,
    b_zero_point: Array | None = None,
    bias: Array | None = None,
) -> Array:
    """Return the product of two quantized matrices as floats.

    Parameters
    ----------
    a, b : int8 or uint8, [D..., M, K] and [D..., K, N]
    a_scale, a_zero_point : one number, or one for each row
    b_scale, b_zero_point : one number, or one for each column
    bias : [N]; 0 by default
    """
    scale: Array = as_column(a_scale) * b_scale
    y = matmul_integer(a, b, a_zero_point, b_zero_point).astype(a_scale.dtype) * scale
    return y if bias is None else y + bias


def dynamic_quantize_matmul(
    a: Array,
    b: Array,
    b_scale: Array,
    b_zero_point: Array | None = None,
    bias: Array | None = None,
) -> Array:
    """Quantize ``a`` to 256 steps over its range, and multiply it by ``b``.

    Parameters
    ----------
    a : [D..., M, K]
    b : int8 or uint8, [D..., K, N]
    b_scale, b_zero_point : one number, or one for each column
    bias : [N]; 0 by default
    """
    steps, scale, zero_point = dynamic_quantize_linear(a)
    return matmul_integer_to_float(
        steps, b, scale, b_scale, zero_point, b_zero_point, bias
    )
