"""QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..ir.program import Argument, Call
from ..ir.types import DTYPES
from ..kernels import quantization, quantization_narrow
from .attributes import short_float
from .context import NodeContext
from .registry import lowers

_DIVIDED_IN = ("float16", "bfloat16")
"""Types of scales that say what to divide in; with others, it is float32."""

_BYTES_AND_WORDS = (np.int8, np.uint8, np.int16, np.uint16)


def scalar_literal(node: NodeContext, index: int) -> Argument:
    """Return a constant scale or zero point of one element as a number."""
    value = node.constant(index)
    if value is None or value.size != 1 or value.dtype.kind not in "iuf":
        return node.optional(index)
    item = value.item()
    return short_float(item) if isinstance(item, float) else item


def is_scalar(node: NodeContext, index: int) -> bool:
    """Whether a scale or zero point is known to be one number, or is absent."""
    value = node.constant(index)
    if value is not None and value.size == 1:
        return value.dtype.kind in "iuf"
    return not node.has_input(index) or node.shape(index) == ()


@lowers("QuantizeLinear", since=10)
@lowers("QuantizeLinear", since=1, domain="com.microsoft")
def quantize_linear(node: NodeContext) -> Call:
    """10: one scale. 13: ``axis``. 19: float8. 21: blocks. 23: ``precision``."""
    dtype = _quantized_dtype(node)
    options: dict[str, Any] = {"precision": _precision(node)}
    axis, block_size = node.int("axis", 1), node.int("block_size", 0)
    saturate = bool(node.int("saturate", 1))
    if dtype is None or dtype in _BYTES_AND_WORDS:
        if dtype and is_scalar(node, 1) and is_scalar(node, 2) and not block_size:
            kernel: Any = quantization.quantize_linear
            return _call_with_scalars(node, kernel, dtype=dtype, **options)
        kernel = quantization.quantize_linear_per_axis
        options["dtype"] = None if node.has_input(2) else dtype
    else:
        options["dtype"] = dtype
        kernel = quantization_narrow.quantize_linear_narrow
        if "float" in np.dtype(dtype).name:
            kernel = quantization_narrow.quantize_linear_to_float
            options["saturate"] = saturate
    inputs = (node.input(0), node.input(1), node.optional(2))
    return node.call(kernel, *inputs, axis=axis, block_size=block_size, **options)


@lowers("DequantizeLinear", since=10)
@lowers("DequantizeLinear", since=1, domain="com.microsoft")
def dequantize_linear(node: NodeContext) -> Call:
    """10: one scale. 13: ``axis``. 19: float8. 21: blocks. 23: ``output_dtype``."""
    axis, block_size = node.int("axis", 1), node.int("block_size", 0)
    given = node.int("output_dtype", 0)
    dtype = node.element_type("output_dtype").type if given else None
    scale = node.dtype(1)
    if scale and is_scalar(node, 1) and is_scalar(node, 2) and not block_size:
        kernel = quantization.dequantize_linear
        return _call_with_scalars(node, kernel, dtype=dtype or DTYPES[scale].type)
    inputs = (node.input(0), node.input(1), node.optional(2))
    kernel_per_axis = quantization.dequantize_linear_per_axis
    return node.call(
        kernel_per_axis, *inputs, axis=axis, block_size=block_size, dtype=dtype
    )


@lowers("DynamicQuantizeLinear", since=11)
def dynamic_quantize_linear(node: NodeContext) -> Call:
    """11: the only version."""
    kernel = quantization.dynamic_quantize_linear
    return node.call(kernel, node.input(0), results=3)


def _call_with_scalars(
    node: NodeContext, kernel: Callable[..., Any], **options: Argument
) -> Call:
    scale, zero_point = scalar_literal(node, 1), scalar_literal(node, 2)
    inputs = (node.input(0), scale, 0 if zero_point is None else zero_point)
    return node.call(kernel, *inputs, **options)


def _quantized_dtype(node: NodeContext) -> type | None:
    """Return the type of the result, or None if only the zero point's array has it."""
    if node.has_input(2):
        node.ignore("output_dtype")  # the same type, if it is given
        name = node.dtype(2)
        return DTYPES[name].type if name else None
    if node.int("output_dtype", 0):
        return node.element_type("output_dtype").type
    return np.uint8


def _precision(node: NodeContext) -> type | None:
    """Return the type in which to divide; None is that of the scale, not known here.

    Before version 23 nothing is said of it, and onnxruntime divides in float32.
    """
    if node.int("precision", 0):
        return node.element_type("precision").type
    if node.version < 23:
        return np.float32
    scale = node.dtype(1)
    if scale is None:
        return None
    return DTYPES[scale].type if scale in _DIVIDED_IN else np.float32
