"""What products and convolutions take in: bit by bit what separate calls compute."""

from __future__ import annotations

from functools import partial

import ml_dtypes
import numpy as np
import pytest

from onnx2py.kernels.activation import hard_swish, leaky_relu, relu
from onnx2py.kernels.activation_gelu import gelu
from onnx2py.kernels.arithmetic import clip
from onnx2py.kernels.conv import conv
from onnx2py.kernels.conv_depthwise import conv_depthwise, depthwise_weight
from onnx2py.kernels.conv_packed import (
    conv_packed,
    conv_pointwise,
    packed_weight,
    pointwise_weight,
)
from onnx2py.kernels.conv_winograd import conv_winograd, winograd_weight
from onnx2py.kernels.convolution import Conv
from onnx2py.kernels.matmul import gemm, linear, project
from onnx2py.traits.kernels import KERNELS

ACTIVATIONS = {
    "none": None,
    "relu": relu,
    "clip": partial(clip, min=0.0, max=6.0),
    "clip above": partial(clip, max=0.5),
    "leaky_relu": partial(leaky_relu, alpha=0.2),
    "hard_swish": hard_swish,
    "gelu": gelu,
    "tanh": np.tanh,
}
IN_PLACE = {"relu", "clip", "clip above", "tanh"}
"""Those that are written over the result."""
DTYPES = {
    "float16": np.float16,
    "float32": np.float32,
    "float64": np.float64,
    "bfloat16": ml_dtypes.bfloat16,
}
RNG = np.random.default_rng(0)


def numbers(*shape):
    return RNG.normal(size=shape) * 4


def small_winograd(x, weight, bias, **following):
    tiles = winograd_weight(packed_weight(weight), tile=2)
    return conv_winograd(x, tiles, bias, pads=(1, 1, 1, 1), **following)


def as_object(x, weight, bias, **following):
    stored = {"c.weight": packed_weight(weight), "c.bias": bias}
    layer = Conv(
        lambda name, _: stored[name], "c", "float32[3, 3, 8, 6]", strides=(2,) * 2
    )
    return layer(x, **following)


CASES = {
    "conv": (conv, (2, 8, 9, 9), (6, 8, 3, 3), (6,)),
    "conv grouped": (partial(conv, group=2), (2, 8, 9, 9), (6, 4, 3, 3), (6,)),
    "packed": (
        lambda x, w, b, **f: conv_packed(x, packed_weight(w), b, pads=(1,) * 4, **f),
        (2, 8, 9, 9), (6, 8, 3, 3), (6,),
    ),
    "packed large": (
        lambda x, w, b, **f: conv_packed(x, packed_weight(w), b, pads=(1,) * 4, **f),
        (1, 16, 40, 40), (16, 16, 3, 3), (16,),
    ),
    "pointwise": (
        lambda x, w, b, **f: conv_pointwise(x, pointwise_weight(w), b, **f),
        (1, 8, 20, 20), (8, 8, 1, 1), (8,),
    ),
    "pointwise few places": (
        lambda x, w, b, **f: conv_pointwise(x, pointwise_weight(w), b, **f),
        (1, 8, 3, 3), (8, 8, 1, 1), (8,),
    ),
    "pointwise few results": (
        lambda x, w, b, **f: conv_pointwise(x, pointwise_weight(w), b, **f),
        (1, 8, 9, 9), (2, 8, 1, 1), (2,),
    ),
    "depthwise": (
        lambda x, w, b, **f: conv_depthwise(x, depthwise_weight(w), b, **f),
        (2, 8, 9, 9), (8, 1, 3, 3), (8,),
    ),
    "depthwise strided": (
        lambda x, w, b, **f: conv_depthwise(x, depthwise_weight(w), b, strides=(2, 2), **f),
        (2, 8, 9, 9), (8, 1, 3, 3), (8,),
    ),
    "winograd": (small_winograd, (1, 8, 9, 9), (6, 8, 3, 3), (6,)),
    "object": (as_object, (1, 8, 9, 9), (6, 8, 3, 3), (6,)),
    "linear": (linear, (2, 3, 8), (8, 6), (6,)),
    "project": (lambda x, w, b, **f: project(x, w, **f), (2, 3, 8), (8, 6), (6,)),
    "gemm": (gemm, (5, 8), (8, 6), (6,)),
    "gemm of transposed": (
        partial(gemm, trans_b=True, alpha=0.5, beta=2.0), (5, 8), (6, 8), (6,)
    ),
}  # fmt: skip


def separate(kernel, x, weight, bias, plus, name):
    """Compute the calls one by one."""
    y = kernel(x, weight, bias)
    if plus is not None:
        np.add(y, plus, out=y)
    activation = ACTIVATIONS[name]
    if activation is None:
        return y
    return activation(y, out=y) if name in IN_PLACE else activation(y)


def operands(case, dtype):
    kernel, *shapes = CASES[case]
    x, weight, bias = (numbers(*shape).astype(DTYPES[dtype]) for shape in shapes)
    return kernel, x, weight, bias


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("added", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_bits_are_those_of_separate_calls(case, added, activation, dtype):
    if dtype != "float32" and case == "winograd":
        dtype = "float32"  # all that it is for
    if dtype == "bfloat16" and activation in ("clip", "clip above"):
        activation = "relu"  # whose bounds are NumPy's
    kernel, x, weight, bias = operands(case, dtype)
    like = kernel(x, weight, bias)
    plus = numbers(*like.shape).astype(like.dtype) if added else None
    before = None if plus is None else plus.copy()
    expected = separate(kernel, x, weight, bias, plus, activation)
    found = kernel(x, weight, bias, plus=plus, activation=ACTIVATIONS[activation])
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    assert found.tobytes() == expected.tobytes()
    if plus is not None:
        assert plus.tobytes() == before.tobytes()


@pytest.mark.parametrize("case", CASES)
def test_a_sum_is_rounded_once_more(case):
    """In half precision the product is rounded before anything is added to it."""
    kernel, x, weight, bias = operands(case, "float16")
    if case == "winograd":
        x, weight, bias = (each.astype(np.float32) for each in (x, weight, bias))
    like = kernel(x, weight, bias)
    plus = numbers(*like.shape).astype(like.dtype)
    wide = like.astype(np.float64) + plus.astype(np.float64)
    with np.errstate(over="ignore"):
        expected = wide.astype(like.dtype)
    np.testing.assert_array_equal(kernel(x, weight, bias, plus=plus), expected)


@pytest.mark.parametrize("case", CASES)
def test_what_is_added_may_be_read_only_or_one_row_for_all(case):
    kernel, x, weight, bias = operands(case, "float32")
    like = kernel(x, weight, bias)
    row = numbers(*like.shape[-1:]).astype(like.dtype)
    plus = np.broadcast_to(row, like.shape)
    assert not plus.flags.writeable
    before = row.copy()
    found = kernel(x, weight, bias, plus=plus, activation=relu)
    np.testing.assert_array_equal(found, np.maximum(like + row, 0))
    np.testing.assert_array_equal(row, before)
    assert found.flags.writeable and not np.shares_memory(found, plus)


def test_what_is_added_may_be_an_operand():
    """A residual connection around one product."""
    x = numbers(4, 6).astype(np.float32)
    weight, bias = numbers(6, 6).astype(np.float32), numbers(6).astype(np.float32)
    before = x.copy()
    found = linear(x, weight, bias, plus=x)
    np.testing.assert_array_equal(found, np.matmul(x, weight) + bias + before)
    np.testing.assert_array_equal(x, before)


def test_no_elements():
    x = np.zeros((0, 3, 4), np.float32)
    weight, plus = np.ones((4, 2), np.float32), np.zeros((0, 3, 2), np.float32)
    assert project(x, weight, plus=plus, activation=gelu).shape == (0, 3, 2)


@pytest.mark.parametrize(
    "function",
    [f for f, row in KERNELS.items() if row.activation],
    ids=lambda function: function.__name__,
)
def test_activations_compute_each_element_by_itself(function):
    """And return a new array of the same type: what takes them in relies on it."""
    x = numbers(3, 5).astype(np.float32)
    found = function(x)
    assert (found.dtype, found.shape) == (x.dtype, x.shape)
    assert not np.shares_memory(found, x)
    each = np.array(
        [function(x[i : i + 1, j : j + 1])[0, 0] for i, j in np.ndindex(x.shape)]
    )
    np.testing.assert_allclose(found.ravel(), each, rtol=1e-6)
