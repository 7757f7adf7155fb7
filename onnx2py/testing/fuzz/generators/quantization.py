"""ONNX's own operators on quantized tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import helper

from ..case import NodeCase
from ..deviations import deviates
from ..draw import Draw
from ..registry import Target, generates
from ._types import a_type, allowed, at_most
from ._windows import window
from .microsoft_quantized import BYTES, scale, whole_range, zero_point

_WORDS = (*BYTES, *BYTES, "uint16", "int16")
_REALS = ("float32", "float32", "float32", "float16")
Array = np.ndarray[Any, Any]


def granularity(
    draw: Draw, target: Target, shape: tuple[int, ...]
) -> tuple[tuple[int, ...], dict[str, Any]]:
    """Return a shape for scales, and the attributes that say what it means."""
    attributes: dict[str, Any] = {}
    how = draw.one_of(("tensor", "axis", "axis", "block"))
    if how == "tensor" or target.since < 13 or not shape:
        if target.since >= 13 and shape and draw.chance(0.2):
            attributes["axis"] = draw.axis(len(shape))
        return (1,) if draw.chance(0.1) else (), attributes
    axis = draw.axis(len(shape))
    if axis % len(shape) != 1 or draw.chance(0.6):
        attributes["axis"] = axis
    if how == "axis" or target.since < 21:
        if target.since >= 21 and draw.chance(0.2):
            attributes["block_size"] = 0
        return (shape[axis],), attributes
    size = draw.integer(1, max(shape[axis], 1))
    attributes["block_size"] = size
    lengths = list(shape)
    lengths[axis] = -(-lengths[axis] // size)
    return tuple(lengths), attributes


def any_zero_point(draw: Draw, dtype: str, shape: tuple[int, ...]) -> Array:
    """Return zero points of any type; those of floats are 0."""
    if "float" in dtype or dtype == "int32":
        return np.zeros(shape, dtype)
    if dtype[-1] in "24":
        low, high = {"int4": (-8, 7), "uint4": (0, 15), "int2": (-2, 1)}.get(
            dtype, (0, 3)
        )
        numbers = draw.rng.integers(low, high + 1, shape)
        return np.asarray(numbers).astype(np.dtype(dtype))
    return zero_point(draw, dtype, shape)


@generates("QuantizeLinear")
def quantize(draw: Draw, target: Target) -> NodeCase:
    """Every type, one scale or many; ties, and numbers that do not fit in."""
    dtype = a_type(draw, target, _WORDS, index=2, rare=0.3)
    real = a_type(draw, target, _REALS, rare=0.08)
    shape = draw.shape()
    sizes, attributes = granularity(draw, target, shape)
    scales = scale(draw, sizes)
    if real == "float16":
        scales = np.maximum(scales, np.float32(1e-3))
    other = a_type(draw, target, (real,), index=1, rare=0.05)
    scales = scales.astype(other)
    zero = None if draw.chance(0.2) else any_zero_point(draw, dtype, sizes)
    if target.since >= 21 and draw.chance(0.8 if zero is None else 0.2):
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        attributes["output_dtype"] = int(kind)
    if target.since >= 19 and draw.chance(0.3):
        attributes["saturate"] = draw.integer(0, 1)
    if target.since >= 23 and draw.chance(0.1):
        attributes["precision"] = draw.one_of((0, 1, 10))
    x = _between_integers(draw, dtype, shape) * scales.astype(np.float32).max(initial=0)
    odd = np.array([np.inf, -np.inf, -0.0] + [np.nan] * ("float" in dtype))
    if "float" in real and draw.chance(0.3):
        chosen = draw.rng.random(shape) < 0.1
        x = np.where(chosen, draw.rng.choice(odd, shape), x)
    inputs = [np.asarray(x).astype(real), scales, zero]
    count = 3 if zero is not None or draw.chance() else 2
    return until_25(NodeCase(inputs[:count], attributes), target, dtype)


def until_25(case: NodeCase, target: Target, dtype: str) -> NodeCase:
    """Let onnxruntime compute version 25, to which 28 adds nothing but float6."""
    return case if "float6" in dtype else at_most(case, target, 27)


def _between_integers(draw: Draw, dtype: str, shape: tuple[int, ...]) -> Array:
    """Return multiples of a half, or any numbers, some beyond what the type holds."""
    reach = 70_000 if "16" in dtype and draw.chance() else draw.one_of((20, 600, 600))
    numbers = draw.rng.integers(-reach, reach, shape) / 2
    if draw.chance(0.4):
        numbers = numbers + draw.rng.random(shape)
    return np.asarray(numbers)


@generates("DequantizeLinear")
def dequantize(draw: Draw, target: Target) -> NodeCase:
    """Every type, one scale or many."""
    usual = (*(_WORDS if target.since >= 21 else BYTES), "int32")
    dtype = a_type(draw, target, usual, rare=0.3)
    real = a_type(draw, target, _REALS, index=1, rare=0.08)
    shape = draw.shape()
    sizes, attributes = granularity(draw, target, shape)
    scales = scale(draw, sizes).astype(real)
    zero = None if draw.chance(0.3) else any_zero_point(draw, dtype, sizes)
    if target.since >= 23 and draw.chance(0.2):
        attributes["output_dtype"] = draw.one_of((0, 1, 10, 16))
    wide = np.dtype(dtype).kind in "iu"
    x = whole_range(draw, dtype, shape) if wide else draw.special(dtype, shape)
    case = NodeCase([x, scales, zero], attributes, ulp=True, rtol=1e-6)
    return until_25(case, target, dtype)


@generates("DynamicQuantizeLinear")
def dynamic_quantize(draw: Draw, target: Target) -> NodeCase:
    """Ranges around 0, beside it, and no range at all."""
    shape = draw.shape(longest=8)
    x = draw.array("float32", shape)
    if draw.chance(0.3):
        x = np.asarray(x + np.float32(draw.one_of((-3, 3))), np.float32)
    elif draw.chance(0.2):
        x = np.full(shape, draw.one_of((0.0, -0.0, 1.0, -2.5, 1e-30)), np.float32)
    elif draw.chance(0.3):
        x = np.asarray(draw.rng.integers(-100, 155, shape) / 2, np.float32)
    return NodeCase([x], outputs=3)


def matrices(draw: Draw, deep: int = 6) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return two shapes whose product exists: vectors, matrices, and stacks of them."""
    n, k, m = (draw.length(deep, 0.02) for _ in range(3))
    stack = draw.broadcast_shapes(2, 2)
    left: tuple[int, ...] = (*stack[0], n, k)
    right: tuple[int, ...] = (*stack[1], k, m)
    if draw.chance(0.5):
        left, right = left[-2:], right[-2:]
    if draw.chance(0.05):
        left = (k,)
    if draw.chance(0.05):
        right = (k,)
    return left, right


def per_column(draw: Draw, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of parameters of the second matrix: one, or one for each column."""
    if len(shape) < 2 or draw.chance(0.6):
        return (1,) if draw.chance(0.2) else ()
    if len(shape) > 2 and draw.chance():
        return (*shape[:-2], 1, shape[-1])
    return shape[-1:]


def per_row(draw: Draw, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of parameters of the first matrix; onnxruntime has one number."""
    if len(shape) < 2 or draw.chance(0.95):
        return (1,) if draw.chance(0.2) else ()
    return shape[-2:-1] if len(shape) == 2 else (*shape[:-1], 1)


def two_kinds(draw: Draw) -> tuple[str, str]:
    """Return types of data and weights; onnxruntime lacks int8 with weights of uint8."""
    return draw.one_of((*(BYTES[:1] * 2, BYTES, BYTES[1:] * 2) * 9, BYTES[::-1]))


@generates("MatMulInteger")
def matmul_integer(draw: Draw, target: Target) -> NodeCase:
    """Zero points: none, one, or one for each column."""
    a, b = matrices(draw, draw.one_of((6, 6, 40)))
    kinds = two_kinds(draw)
    inputs: list[Any] = [whole_range(draw, *each) for each in zip(kinds, (a, b))]
    if draw.chance(0.7):
        inputs.append(
            zero_point(draw, kinds[0], per_row(draw, a)) if draw.chance(0.8) else None
        )
        if inputs[2] is None or draw.chance(0.7):
            inputs.append(zero_point(draw, kinds[1], per_column(draw, b)))
    return NodeCase(inputs)


@generates("QLinearMatMul")
def qlinear_matmul(draw: Draw, target: Target) -> NodeCase:
    """Scales and zero points: one, or one for each column of the second matrix."""
    a, b = matrices(draw)
    kind, other = two_kinds(draw)
    real = a_type(draw, target, ("float32",) * 9, index=1, rare=0.03)
    if target.since >= 21 and draw.chance(0.03):
        kind = other = draw.one_of([d for d in allowed(target) if "float" in d])
    inputs: list[Any] = []
    for dtype, shape, sizes in (
        (kind, a, per_row(draw, a)), (other, b, per_column(draw, b))
    ):  # fmt: skip
        wide = dtype in BYTES
        make = whole_range if wide else Draw.array
        inputs += [make(draw, dtype, shape), scale(draw, sizes).astype(real)]
        inputs.append(any_zero_point(draw, dtype, sizes))
    y_scale = scale(draw) * np.float32(draw.one_of((1, 10, 100)))
    inputs += [np.asarray(y_scale).astype(real), any_zero_point(draw, kind, ())]
    return NodeCase(inputs)


@deviates(
    *("MatMulInteger", "QLinearMatMul"),
    reason="where matrices have no inner length, onnxruntime returns memory that it "
    "never wrote to; the sum of no products is 0",
)
def _no_products(case: NodeCase) -> bool:
    return np.asarray(case.inputs[0]).shape[-1:] == (0,)


def convolution(draw: Draw) -> tuple[Any, Any, dict[str, Any]]:
    """Return bytes to convolve, a kernel of bytes, and attributes."""
    rank = draw.one_of((1, 2, 2, 2, 3))
    groups = draw.one_of((1, 1, 1, 2, 3))
    each, out = draw.integer(1, 3), groups * draw.integer(1, 3)
    kernel = [draw.integer(1, 3) for _ in range(rank)]
    attributes = window(draw, kernel)
    same = str(attributes.get("auto_pad", "")).startswith("SAME")
    spatial = [draw.integer(1 if same else 5, 7) for _ in range(rank)]
    kinds = two_kinds(draw)
    x = whole_range(draw, kinds[0], (draw.length(2), groups * each, *spatial))
    w = whole_range(draw, kinds[1], (out, each, *kernel))
    if groups > 1 or draw.chance(0.3):
        attributes["group"] = groups
    if draw.chance(0.7):
        attributes["kernel_shape"] = kernel
    return x, w, attributes


@generates("ConvInteger")
def conv_integer(draw: Draw, target: Target) -> NodeCase:
    """Zero points: none, one, or (but not in onnxruntime) one for each output channel."""
    x, w, attributes = convolution(draw)
    inputs: list[Any] = [x, w]
    if draw.chance(0.8):
        given = draw.chance(0.8)
        inputs.append(zero_point(draw, x.dtype.name) if given else None)
        if not given or draw.chance(0.7):
            sizes = (len(w),) if draw.chance(0.05) else ()
            inputs.append(zero_point(draw, w.dtype.name, sizes))
    return NodeCase(inputs, attributes)


@generates("QLinearConv")
def qlinear_conv(draw: Draw, target: Target) -> NodeCase:
    """Scales and zero points: one, or one for each output channel; with and without a bias."""
    x, w, attributes = convolution(draw)
    sizes = (len(w),) if draw.chance(0.4) else ()
    inputs: list[Any] = [x, scale(draw), zero_point(draw, x.dtype.name), w]
    inputs += [scale(draw, sizes), zero_point(draw, w.dtype.name, sizes)]
    y_scale = np.asarray(scale(draw) * np.float32(draw.one_of((1, 10, 100))))
    inputs += [y_scale, zero_point(draw, x.dtype.name)]
    if draw.chance():
        inputs.append(draw.array("int32", (len(w),), -9999, 9999))
    return NodeCase(inputs, attributes)
