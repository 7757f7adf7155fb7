"""Matrix products that onnxruntime fuses with operations before or after them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._precision import rounded_once, widened
from ._recurrent_activation import activation_function
from .activation_exponential import scaled_elu
from .matmul import gemm, matmul, project
from .matmul_integer import as_column, matmul_integer_as_float
from .quantization import dynamic_quantize_linear


@rounded_once
def fused_matmul(
    a: NDArray[Any],
    b: NDArray[Any],
    *,
    alpha: float = 1.0,
    trans_a: bool = False,
    trans_b: bool = False,
    trans_batch_a: bool = False,
    trans_batch_b: bool = False,
) -> NDArray[Any]:
    """Return ``alpha * a @ b``, with axes of ``a`` and ``b`` permuted first if requested.

    ``trans_batch_a`` and ``trans_batch_b`` move the first axis before the last; then
    ``trans_a`` and ``trans_b`` swap the last two axes.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.FusedMatMul
    """
    a = np.moveaxis(a, 0, -2) if trans_batch_a and a.ndim > 2 else a
    b = np.moveaxis(b, 0, -2) if trans_batch_b and b.ndim > 2 else b
    a = a.swapaxes(-1, -2) if trans_a and a.ndim > 1 else a
    b = b.swapaxes(-1, -2) if trans_b and b.ndim > 1 else b
    y = matmul(a, b)
    return y if alpha == 1 else np.asarray(y * y.dtype.type(alpha))


@rounded_once
def fused_gemm(
    a: NDArray[Any],
    b: NDArray[Any],
    c: NDArray[Any] | None = None,
    *,
    activation: str,
    activation_alpha: float = 0.0,
    activation_beta: float = 0.0,
    activation_gamma: float = 1.0,
    alpha: float = 1.0,
    beta: float = 1.0,
    trans_a: bool = False,
    trans_b: bool = False,
) -> NDArray[Any]:
    """Return ``activation(gemm(...))``.

    ``activation`` is the name of an ONNX operator; the next three parameters are its
    attributes.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.FusedGemm
    """
    y = gemm(a, b, c, alpha=alpha, beta=beta, trans_a=trans_a, trans_b=trans_b)
    wide = widened(y)
    if activation == "Selu":
        z = scaled_elu(wide, alpha=activation_alpha, gamma=activation_gamma)
    elif activation == "Celu":
        z = scaled_elu(wide, alpha=activation_alpha, divisor=activation_alpha)
    elif activation == "ParametricSoftplus":
        z = activation_alpha * np.logaddexp(activation_beta * wide, wide.dtype.type(0))
    else:
        z = activation_function(activation, activation_alpha, activation_beta)(wide)
    return np.asarray(z).astype(y.dtype, copy=False)


@rounded_once
def matmul_integer_to_float(
    a: NDArray[Any],
    b: NDArray[Any],
    a_scale: NDArray[Any],
    b_scale: NDArray[Any],
    a_zero_point: NDArray[Any] | None = None,
    b_zero_point: NDArray[Any] | None = None,
    bias: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Return the product of two quantized matrices as floats.

    Parameters
    ----------
    a, b : int8 or uint8, [D..., M, K] and [D..., K, N]
    a_scale, a_zero_point : one number, or one for each row
    b_scale, b_zero_point : one number, or one for each column
    bias : [N]; 0 by default

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MatMulIntegerToFloat
    """
    zero = None if a_zero_point is None else as_column(a_zero_point)
    y = matmul_integer_as_float(a, b, zero, b_zero_point).astype(
        a_scale.dtype, copy=False
    )
    y = y * (as_column(a_scale) * b_scale)
    if bias is not None:
        y += bias
    return np.asarray(y)


def matmul_integer_to_float_prepared(
    a: NDArray[Any],
    b: NDArray[np.float32],
    a_scale: NDArray[np.float32],
    b_scale: NDArray[np.float32],
    a_zero_point: NDArray[Any],
    bias: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Return ``(a - a_zero_point) @ b * (a_scale * b_scale) + bias``.

    Parameters
    ----------
    a : int8 or uint8, [D..., K]
    b : float32[K, N], integers without zero point; all sums must be exact
    a_scale : float32[]
    b_scale : float32[N], float32[1] or float32[]
    a_zero_point : int8[] or uint8[]
    bias : float32[N]; 0 by default

    Returns
    -------
    y : float32[D..., N]

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MatMulIntegerToFloat
    """
    y = project(np.subtract(a, a_zero_point, dtype=np.float32), b)
    y *= a_scale * b_scale
    if bias is not None:
        y += bias
    return y


@rounded_once
def dynamic_quantize_matmul(
    a: NDArray[Any],
    b: NDArray[Any],
    b_scale: NDArray[Any],
    b_zero_point: NDArray[Any] | None = None,
    bias: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Quantize ``a`` to 256 steps over its range, and multiply it by ``b``.

    Parameters
    ----------
    a : [D..., M, K]
    b : int8 or uint8, [D..., K, N]
    b_scale, b_zero_point : one number, or one for each column
    bias : [N]; 0 by default

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.DynamicQuantizeMatMul
    """
    steps, scale, zero_point = dynamic_quantize_linear(a)
    return matmul_integer_to_float(
        steps, b, scale, b_scale, zero_point, b_zero_point, bias
    )
