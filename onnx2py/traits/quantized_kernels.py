"""Kernels of quantized numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..kernels import (
    conv_integer,
    conv_qdq,
    conv_qlinear,
    matmul_bnb4,
    matmul_integer,
    matmul_nbits,
    qdq,
    quantization,
    quantization_narrow,
    quantized,
    quantized_attention,
    quantized_gather,
    quantized_pool,
    quantized_tables,
)
from . import costs
from .costs import free
from .kernel import NEW, OTHER, Kernel

QUANTIZED: Mapping[Any, Kernel] = {
    conv_integer.conv_integer: Kernel(new=True, cost=costs.convolution(1)),
    conv_integer.qlinear_conv: Kernel(
        new=True, operator="QLinearConv", cost=costs.convolution(3)
    ),
    conv_integer.subtract_zero_point: NEW,
    conv_qdq.qdq_conv_depthwise: Kernel(
        new=True, steps=2, operator="QDQDepthwiseConv", cost=costs.packed
    ),
    conv_qdq.qdq_conv_packed: Kernel(
        new=True, steps=2, operator="QDQConv", cost=costs.packed
    ),
    conv_qdq.qdq_conv_pointwise: Kernel(
        new=True, steps=2, operator="QDQConv", cost=costs.packed
    ),
    conv_qdq.qdq_conv_winograd: Kernel(
        new=True, steps=2, operator="QDQConv", cost=costs.winograd
    ),
    conv_qlinear.qlinear_conv_depthwise: Kernel(
        new=True, steps=3, operator="QLinearDepthwiseConv", cost=costs.packed
    ),
    conv_qlinear.qlinear_conv_packed: Kernel(
        new=True, steps=3, operator="PackedQLinearConv", cost=costs.packed
    ),
    conv_qlinear.qlinear_conv_pointwise: Kernel(
        new=True, steps=3, operator="PackedQLinearConv", cost=costs.packed
    ),
    matmul_bnb4.matmul_bnb4: Kernel(new=True, cost=costs.product),
    matmul_bnb4.unpack_bnb4: OTHER,
    matmul_integer.matmul_integer: Kernel(new=True, cost=costs.product),
    matmul_integer.matmul_integer_prepared: Kernel(new=True, cost=costs.product),
    matmul_integer.qlinear_matmul: Kernel(new=True, cost=costs.product),
    matmul_integer.requantize: NEW,
    matmul_integer.requantize_centered: OTHER,
    matmul_nbits.matmul_nbits: Kernel(new=True, cost=costs.product),
    matmul_nbits.matmul_nbits_unpacked: Kernel(new=True, cost=costs.product),
    matmul_nbits.unpack_nbits: NEW,
    qdq.qdq_add: Kernel(new=True, steps=2, cost=free),
    qdq.qdq_gemm: Kernel(new=True, steps=2, cost=costs.gemm),
    qdq.qdq_matmul: Kernel(new=True, steps=2, cost=costs.product),
    quantization.dequantize_linear: NEW,
    quantization.dequantize_linear_per_axis: NEW,
    quantization.dynamic_quantize_linear: NEW,
    quantization.dynamic_quantize_linear_centered: NEW,
    quantization.fake_quantize: NEW,
    quantization.quantize_linear: NEW,
    quantization.quantize_linear_per_axis: NEW,
    quantization_narrow.quantize_linear_narrow: NEW,
    quantization_narrow.quantize_linear_to_float: NEW,
    quantized.qgemm: Kernel(new=True, cost=costs.gemm),
    quantized.qlinear_add: NEW,
    quantized.qlinear_conv_channels_last: Kernel(
        new=True, operator="QLinearConv", cost=costs.convolution(3)
    ),
    quantized.qlinear_mul: NEW,
    quantized.qlinear_reduce_mean: NEW,
    quantized.qlinear_where: NEW,
    quantized_attention.qattention: Kernel(new=True),
    quantized_attention.qembed_layer_normalization: Kernel(new=True),
    quantized_gather.gather_block_quantized: NEW,
    quantized_pool.qlinear_average_pool: NEW,
    quantized_pool.qlinear_global_average_pool: NEW,
    quantized_tables.qlinear_concat: NEW,
    quantized_tables.qlinear_leaky_relu: NEW,
    quantized_tables.qlinear_sigmoid: NEW,
    quantized_tables.qlinear_softmax: OTHER,
}
