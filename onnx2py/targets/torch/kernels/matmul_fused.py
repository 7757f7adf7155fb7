"""Matrix products that onnxruntime fuses with operations before or after them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ._precision import widened
from .matmul import gemm
from .matmul_integer import as_column, matmul_integer_as_float
from .quantization import dynamic_quantize_linear


def fused_matmul(
    a: Tensor,
    b: Tensor,
    *,
    alpha: float = 1.0,
    trans_a: bool = False,
    trans_b: bool = False,
    trans_batch_a: bool = False,
    trans_batch_b: bool = False,
) -> Tensor:
    """Return ``alpha * a @ b``, with axes of ``a`` and ``b`` permuted first if requested.

    ``trans_batch_a`` and ``trans_batch_b`` move the first axis before the last; then
    ``trans_a`` and ``trans_b`` swap the last two axes.
    """
    left, right = widened(a), widened(b)
    left = left.movedim(0, -2) if trans_batch_a and a.ndim > 2 else left
    right = right.movedim(0, -2) if trans_batch_b and b.ndim > 2 else right
    left = left.mT if trans_a and a.ndim > 1 else left
    right = right.mT if trans_b and b.ndim > 1 else right
    return (left @ right * alpha).to(a.dtype)


def fused_gemm(
    a: Tensor,
    b: Tensor,
    c: Tensor | None = None,
    *,
    activation: str,
    activation_alpha: float = 0.0,
    activation_beta: float = 0.0,
    activation_gamma: float = 1.0,
    alpha: float = 1.0,
    beta: float = 1.0,
    trans_a: bool = False,
    trans_b: bool = False,
) -> Tensor:
    """Return ``activation(gemm(...))``.

    ``activation`` is the name of an ONNX operator; the next three parameters are its
    attributes.
    """
    wide_c = None if c is None else widened(c)
    y = gemm(
        widened(a),
        widened(b),
        wide_c,
        alpha=alpha,
        beta=beta,
        trans_a=trans_a,
        trans_b=trans_b,
    )
    if activation == "Selu":
        y = activation_gamma * F.elu(y, activation_alpha)
    else:
        y = _activated(y, activation, activation_alpha, activation_beta)
    return y.to(a.dtype)


def _activated(x: Tensor, activation: str, alpha: float, beta: float) -> Tensor:
    functions = {
        "Affine": lambda: alpha * x + beta,
        "Celu": lambda: F.celu(x, alpha),
        "Elu": lambda: F.elu(x, alpha),
        "HardSigmoid": lambda: torch.clamp(alpha * x + beta, 0, 1),
        "LeakyRelu": lambda: F.leaky_relu(x, alpha),
        "ParametricSoftplus": lambda: alpha
        * torch.logaddexp(beta * x, torch.zeros_like(x)),
        "Relu": lambda: torch.relu(x),
        "ScaledTanh": lambda: alpha * torch.tanh(beta * x),
        "Sigmoid": lambda: torch.sigmoid(x),
        "Softplus": lambda: torch.logaddexp(x, torch.zeros_like(x)),
        "Softsign": lambda: F.softsign(x),
        "Tanh": lambda: torch.tanh(x),
        "ThresholdedRelu": lambda: F.threshold(x, alpha, 0),
    }
    return functions[activation]()


def matmul_integer_to_float(
    a: Tensor,
    b: Tensor,
    a_scale: Tensor,
    b_scale: Tensor,
    a_zero_point: Tensor | None = None,
    b_zero_point: Tensor | None = None,
    bias: Tensor | None = None,
) -> Tensor:
    """Return the product of two quantized matrices as floats.

    Parameters
    ----------
    a, b : int8 or uint8, [D..., M, K] and [D..., K, N]
    a_scale, a_zero_point : one number, or one for each row
    b_scale, b_zero_point : one number, or one for each column
    bias : [N]; 0 by default
    """
    zero = None if a_zero_point is None else as_column(a_zero_point)
    y = matmul_integer_as_float(a, b, zero, b_zero_point).to(widened(a_scale).dtype)
    y = y * (as_column(widened(a_scale)) * widened(b_scale))
    return (y if bias is None else y + widened(bias)).to(a_scale.dtype)


def dynamic_quantize_matmul(
    a: Tensor,
    b: Tensor,
    b_scale: Tensor,
    b_zero_point: Tensor | None = None,
    bias: Tensor | None = None,
) -> Tensor:
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
