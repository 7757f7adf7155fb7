"""Twins of quantization give the numbers of their kernels, rounded alike."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch

from .support import Case, check, check_meta, twin

RANDOM = np.random.default_rng(0)
INTEGERS = (np.int8, np.uint8, np.int16, np.uint16)


def draw(*shape: int) -> np.ndarray:
    """Draw numbers, some of which lie in the middle of two steps of 0.5."""
    x = RANDOM.standard_normal(shape) * 60
    return np.where(RANDOM.random(shape) < 0.5, x, np.round(x * 4) / 4).astype(
        np.float32
    )


X = draw(4, 6, 5)
X[0, 0, :3] = np.nan, np.inf, -np.inf


@pytest.mark.parametrize("dtype", INTEGERS)
def test_one_scale(dtype: type) -> None:
    zero = np.array(3, dtype)
    given: tuple[Any, ...] = (0.5, np.array(0.5, np.float32), 0.1)
    for scale in given:
        for zero_point in (0, 7, zero):
            args = (X, scale, zero_point)
            check(Case("quantization.quantize_linear", args, {"dtype": dtype}))
            check_meta(Case("quantization.quantize_linear", args, {"dtype": dtype}))
            check(Case("quantization.fake_quantize", args, {"dtype": dtype}))
            steps = RANDOM.integers(0, 100, (3, 4)).astype(dtype)
            case = Case("quantization.dequantize_linear", (steps, scale, zero_point))
            check(case)
            check_meta(case)


@pytest.mark.parametrize("precision", [np.float16, np.float32, None])
def test_quotients_are_rounded_in_their_precision(precision: Any) -> None:
    x, scale = draw(40, 50).astype(np.float16), np.array(0.3, np.float16)
    options = {"precision": precision, "dtype": np.int8}
    check(Case("quantization.quantize_linear", (x, scale), options))
    check(Case("quantization.quantize_linear_per_axis", (x, scale), options))


def test_integers_that_float32_does_not_hold() -> None:
    x, zero = np.array([2**30 + 1, -7], np.int32), np.array(2**30, np.int32)
    check(Case("quantization.dequantize_linear", (x, 0.5, zero)))


SCALES = [
    (RANDOM.uniform(0.1, 1, 6), 1, 0),
    (RANDOM.uniform(0.1, 1, 5), -1, 0),
    (RANDOM.uniform(0.1, 1, ()), 1, 0),
    (RANDOM.uniform(0.1, 1, 1), 0, 0),
    (RANDOM.uniform(0.1, 1, (4, 2, 5)), 1, 3),
    (RANDOM.uniform(0.1, 1, (4, 2, 5)), 1, 5),
    (RANDOM.uniform(0.1, 1, (4, 2, 5)), 1, 0),
]


@pytest.mark.parametrize("scale, axis, block_size", SCALES)
def test_several_scales(scale: Any, axis: int, block_size: int) -> None:
    scale = np.asarray(scale, np.float32)
    options = {"axis": axis, "block_size": block_size}
    for dtype in INTEGERS:
        zero = RANDOM.integers(0, 9, scale.shape).astype(dtype)
        zero = np.asarray(zero)
        case = Case("quantization.quantize_linear_per_axis", (X, scale, zero), options)
        check(case)
        check_meta(case)
        steps = RANDOM.integers(0, 100, X.shape).astype(dtype)
        for zeros in (None, zero):
            args = (steps, scale, zeros)
            check(Case("quantization.dequantize_linear_per_axis", args, options))
    for small in (ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2):
        for saturate in (True, False):
            more = {**options, "dtype": small, "saturate": saturate}
            zero = np.ones(scale.shape, np.float32).astype(small)
            args = (X * 20, scale, zero)
            check(Case("quantization_narrow.quantize_linear_to_float", args, more))


def test_the_range_of_numbers() -> None:
    some = np.array([np.nan, -1, 3], np.float32)
    for x in (
        draw(3, 4),
        np.abs(draw(5)),
        -np.abs(draw(5)),
        np.zeros(3, np.float32),
        some,
    ):
        check(Case("quantization.dynamic_quantize_linear", (x,)))
        check(Case("quantization.dynamic_quantize_linear_centered", (x,)))
    check(Case("quantization.dynamic_quantize_linear", (np.zeros((0, 2), np.float32),)))
    check_meta(Case("quantization.dynamic_quantize_linear", (draw(3),)))


def test_gradients_pass_as_if_nothing_were_rounded() -> None:
    x = torch.tensor([-30.0, -1.26, 0.3, 99.0], requires_grad=True)
    y = twin("quantization.fake_quantize")(x, 0.1, 0, dtype=torch.int8)
    y.sum().backward()
    torch.testing.assert_close(y.detach(), torch.tensor([-12.8, -1.3, 0.3, 12.7]))
    assert x.grad is not None
    assert x.grad.tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
def test_functions_of_bytes(dtype: type) -> None:
    x = np.arange(256).astype(np.uint8).astype(dtype).reshape(16, 16)
    given = (x, 0.05, 3, 0.004, 1)
    for case in (
        Case("quantized_tables.qlinear_sigmoid", given),
        Case("quantized_tables.qlinear_leaky_relu", given, {"alpha": 0.1}),
        Case("quantized_tables.qlinear_softmax", given),
        Case("quantized_tables.qlinear_softmax", given, {"axis": 0}),
        Case("quantized_tables.qlinear_softmax", given, {"axis": 0, "flatten": True}),
        Case(
            "quantized_tables.qlinear_concat",
            (0.1, 2, (x, x[:1]), (0.05, 0.1), (3, 2)),
            {"axis": 0},
        ),
    ):
        check(case)
        check_meta(case)


@pytest.mark.parametrize("axes", [(0, 1), (0, 0), (1, 1), (1, 0)])
@pytest.mark.parametrize("bits", [4, 8])
def test_rows_of_weights_in_blocks(axes: tuple[int, int], bits: int) -> None:
    data = RANDOM.integers(0, 256, (32, 32 * bits // 8)).astype(np.uint8)
    gathered, along = axes
    shape = (32, 2) if along else (2, 32)
    scales = RANDOM.uniform(0.1, 1, shape).astype(np.float32)
    indices = np.array([[0, -1, 31], [5, -32, 7]])
    options = {"bits": bits, "block_size": 16, "gather_axis": gathered}
    if gathered == 1 and along == 0 and bits == 4:
        return  # several numbers share a byte
    packed = RANDOM.integers(0, 256, (shape[0], shape[1] * bits // 8)).astype(np.uint8)
    for zeros in (None, packed):
        args = (data, indices, scales, zeros)
        case = Case(
            "quantized_gather.gather_block_quantized",
            args,
            {**options, "quantize_axis": along},
        )
        check(case)
        check_meta(case)
