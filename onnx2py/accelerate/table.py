"""Which kernels oneDNN computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import (
    attention,
    convolution,
    elementwise,
    pooling,
    products,
    quantized,
    quantized_convolution,
    rows,
    winograd,
)

_FUNCTIONS: list[Callable[..., Any]] = [
    convolution.conv,
    convolution.conv_depthwise,
    convolution.conv_packed,
    convolution.conv_pointwise,
    attention.dot_product_attention,
    elementwise.gelu,
    elementwise.gelu_tanh,
    elementwise.mish,
    elementwise.sigmoid,
    elementwise.swish,
    pooling.average_pool,
    pooling.global_average_pool,
    pooling.max_pool,
    products.gemm,
    products.linear,
    products.matmul,
    products.project,
    rows.layer_normalization,
    rows.softmax,
    quantized.qdq_add,
    quantized.qdq_gemm,
    quantized.qdq_matmul,
    quantized.qlinear_add,
    quantized.qlinear_matmul,
    quantized_convolution.qdq_conv_depthwise,
    quantized_convolution.qdq_conv_packed,
    quantized_convolution.qdq_conv_pointwise,
    quantized_convolution.qdq_conv_winograd,
    quantized_convolution.qlinear_conv_depthwise,
    quantized_convolution.qlinear_conv_packed,
    quantized_convolution.qlinear_conv_pointwise,
    winograd.conv_winograd,
    winograd.winograd_weight,
]

REPLACEMENTS: dict[str, Callable[..., Any]] = {f.__name__: f for f in _FUNCTIONS}
"""Functions of the names and parameters of kernels; they return None for other arguments."""

STAND_INS: dict[str, Callable[[Any], Any]] = {
    "conv_winograd": winograd.with_plain_weights,
}
"""What NumPy's kernels need in addition, to take what the functions above made."""
