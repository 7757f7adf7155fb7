"""Calls from 8-bit integers to 8-bit integers, compared with exact integers."""

from __future__ import annotations

import numpy as np
import pytest

from onnx2py.kernels import conv_qdq, conv_qlinear, qdq
from onnx2py.kernels.conv_packed import conv_packed, conv_pointwise
from onnx2py.kernels.conv_winograd import conv_winograd, winograd_weight
from onnx2py.kernels.matmul import gemm, linear
from onnx2py.kernels.quantization import (
    dequantize_linear,
    fake_quantize,
    quantize_linear,
)
from tests.quantized_cases import cases

CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.kernel} {c.x.shape}")
def test_qlinear_conv_is_exact(case):
    kernel = getattr(conv_qlinear, f"qlinear_conv_{case.kernel}")
    x, *arguments = case.qlinear_arguments()
    before = x.copy()
    y = kernel(x, *arguments, **case.options)
    assert y.dtype == case.dtype
    np.testing.assert_array_equal(y, case.expected())
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.kernel} {c.x.shape}")
def test_qdq_conv_is_exact_where_floats_are(case):
    kernel = getattr(conv_qdq, f"qdq_conv_{case.kernel}")
    y = kernel(*case.qdq_arguments(), dtype=case.dtype, **case.options)
    assert y.dtype == case.dtype
    np.testing.assert_array_equal(y, case.expected())


def test_limits_by_hand():
    x = np.uint8([[0, 4], [10, 0], [255, 255]])
    weight = np.float32([[1, -1], [2, 0.5]])
    # 0 8, 2; 10, -10; 765, -127.5; each / 0.5 + 100
    rest = (None, 1.0, 0, 0.5, 0.5, 100)
    plain = [[116, 104], [120, 80], [255, 0]]
    np.testing.assert_array_equal(qdq.qdq_matmul(x, weight, *rest), plain)
    y = qdq.qdq_matmul(x, weight, *rest, limits=(100, 118))
    np.testing.assert_array_equal(y, [[116, 104], [118, 100], [118, 100]])
    y = qdq.qdq_gemm(x, weight, *rest, dtype=np.int8, limits=(-128, 90))
    np.testing.assert_array_equal(y, [[90, 90], [90, 80], [90, -128]])


@pytest.mark.parametrize("case", CASES[::3], ids=lambda c: f"{c.kernel} {c.x.shape}")
def test_limits_of_convolutions(case):
    kernel = getattr(conv_qdq, f"qdq_conv_{case.kernel}")
    low, high = np.iinfo(case.dtype).min + 30, np.iinfo(case.dtype).max - 50
    options = {"dtype": case.dtype, "limits": (low, high), **case.options}
    y = kernel(*case.qdq_arguments(), **options)
    np.testing.assert_array_equal(y, case.expected().clip(low, high))


def test_the_cases_have_ties_and_saturate_at_both_ends():
    ties = low = high = 0
    for case in CASES:
        y = case.expected()
        scales = np.broadcast_to(case.weight_scale, len(case.weight))
        factor = case.x_scale * scales / case.y_scale
        exact = case.sums() * factor.reshape(-1, *[1] * (y.ndim - 2))
        ties += (exact % 1 == 0.5).sum()
        low += (y == np.iinfo(y.dtype).min).sum()
        high += (y == np.iinfo(y.dtype).max).sum()
    assert min(ties, low, high) > 100


def test_sums_that_float32_does_not_hold():
    x = np.full((1, 1, 1, 1), 255, np.uint8)
    weight, bias = np.full((1, 1), 127.0), np.float64([(1 << 25) + 1 - 255 * 127])
    y = conv_qlinear.qlinear_conv_pointwise(
        x, weight, bias, np.float32([[[2.0**-18]]]), np.array(1, np.uint8), 0
    )
    assert y.item() == 129


@pytest.mark.parametrize("shape", [(1, 5, 32, 13), (2, 5, 70, 90)])
@pytest.mark.parametrize("dtype", [np.uint8, np.int8])
def test_requantizing_in_blocks_keeps_the_order_in_memory(shape, dtype):
    rng = np.random.default_rng(0)
    x = np.moveaxis(rng.integers(0, 256, (shape[0], *shape[2:], 5)), -1, 1)
    x = x.astype(np.uint8, order="K")
    weight = rng.integers(-128, 128, (5, 4)).astype(np.float32)
    y = conv_qlinear.qlinear_conv_pointwise(
        x, weight, None, np.float32([[[0.01]]]), np.array(-3 % 125, dtype), 9
    )
    sums = np.einsum("nchw,cm->nmhw", x.astype(np.float64) - 9, weight)
    limits = np.iinfo(dtype)
    rounded = np.rint(sums.astype(np.float32) * np.float32(0.01)) + (-3 % 125)
    np.testing.assert_array_equal(y, rounded.clip(limits.min, limits.max))
    assert y.transpose(0, 2, 3, 1).flags.c_contiguous


GRIDS = [(0.013, 0), (0.07, 131), (1.9, 255), (0.5, 3)]


def same_bits(call, floats, x, x_grid, y_grid, dtype):
    """Compare a call with what packages computed before it: floats that are rounded."""
    expected = fake_quantize(floats, *y_grid, dtype=dtype)
    assert call.dtype == dtype
    real = dequantize_linear(call, *y_grid)
    np.testing.assert_array_equal(real, expected)
    np.testing.assert_array_equal(call, quantize_linear(floats, *y_grid, dtype=dtype))


@pytest.mark.parametrize(("x_grid", "y_grid"), list(zip(GRIDS, GRIDS[1:])))
@pytest.mark.parametrize("size", [10, 70])
def test_qdq_convolutions_round_what_floats_give(x_grid, y_grid, size):
    rng = np.random.default_rng(size)
    x = rng.integers(0, 256, (2, 32, size, size)).astype(np.uint8)
    real = dequantize_linear(x, *x_grid)
    scale = rng.uniform(0.001, 0.01, 48).astype(np.float32)
    weight = rng.integers(-127, 128, (3, 3, 32, 48)).astype(np.float32) * scale
    bias = rng.normal(size=48).astype(np.float32)
    middle = (bias, *x_grid, scale, *y_grid)
    for tile in (2, 4):
        tiles = winograd_weight(weight, tile=tile)
        y = conv_qdq.qdq_conv_winograd(x, tiles, *middle, pads=(1, 1, 1, 1))
        floats = conv_winograd(real, tiles, bias, pads=(1, 1, 1, 1))
        same_bits(y, floats, x, x_grid, y_grid, np.uint8)
    y = conv_qdq.qdq_conv_packed(x, weight, *middle, strides=(2, 1))
    floats = conv_packed(real, weight, bias, strides=(2, 1))
    same_bits(y, floats, x, x_grid, y_grid, np.uint8)
    y = conv_qdq.qdq_conv_pointwise(x, weight[0, 0], *middle, strides=(2, 2))
    floats = conv_pointwise(real, weight[0, 0], bias, strides=(2, 2))
    same_bits(y, floats, x, x_grid, y_grid, np.uint8)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(40,), (3, 40), (2, 5, 40), (0, 40)])
def test_qdq_products_round_what_floats_give(shape, bias):
    rng = np.random.default_rng(3)
    x = rng.integers(-128, 128, shape).astype(np.int8)
    weight = rng.integers(-127, 128, (40, 9)).astype(np.float32) * np.float32(0.02)
    added = rng.normal(size=9).astype(np.float32) if bias else None
    x_grid, y_grid, scale = (0.03, -5), (0.4, 7), np.float32(0.02)
    real = dequantize_linear(x, *x_grid)
    if len(shape) > 1 or not bias:
        y = qdq.qdq_matmul(x, weight, added, *x_grid, scale, *y_grid, dtype=np.int8)
        floats = linear(real, weight, added) if bias else np.matmul(real, weight)
        same_bits(y, floats, x, x_grid, y_grid, np.int8)
    if len(shape) == 2:
        transposed = np.ascontiguousarray(weight.T)
        y = qdq.qdq_gemm(x, transposed, added, *x_grid, scale, *y_grid, trans_b=True)
        floats = gemm(real, transposed, added, trans_b=True)
        same_bits(y, floats, x, x_grid, y_grid, np.uint8)


def test_qdq_add_by_hand():
    a, b = np.uint8([0, 10, 255, 7]), np.int8([-128, 4, 127, 1])
    # (a - 10) * 0.5 + (b - 2) * 2: -265, 4, 372.5, -3.5; / 2 + 100
    y = qdq.qdq_add(a, b, 0.5, 10, 2.0, 2, 2.0, 100)
    np.testing.assert_array_equal(y, np.uint8([0, 102, 255, 98]))
    y = qdq.qdq_add(a[:, None], b, 0.5, 10, 2.0, 2, 2.0, 100, dtype=np.int8)
    assert y.shape == (4, 4) and y.dtype == np.int8 and y[1, 1] == 102


def test_nan_becomes_the_lowest():
    x = np.uint8([[1, 2]])
    weight = np.float32([[np.nan], [1]])
    y = qdq.qdq_matmul(x, weight, None, 1.0, 0, np.float32(1), 1.0, 9)
    assert y.item() == 0
    y = qdq.qdq_matmul(x, weight, None, 1.0, 0, np.float32(1), 1.0, 9, dtype=np.int8)
    assert y.item() == -128
