"""Twins of quantization give the numbers of their kernels, rounded alike."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

from .support import Case, check, twin

RANDOM = np.random.default_rng(0)
INTEGERS = (np.int8, np.uint8, np.int16, np.uint16)
NARROW = (ml_dtypes.int4, ml_dtypes.uint4, ml_dtypes.int2, ml_dtypes.uint2)
FLOATS = [
    kind
    for kind in (
        ml_dtypes.float4_e2m1fn,
        ml_dtypes.float8_e4m3fn,
        ml_dtypes.float8_e4m3fnuz,
        ml_dtypes.float8_e5m2,
        ml_dtypes.float8_e5m2fnuz,
    )
    if hasattr(jnp, kind.__name__)  # older versions lack some
]


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
            check(Case("quantization.fake_quantize", args, {"dtype": dtype}))
            steps = RANDOM.integers(0, 100, (3, 4)).astype(dtype)
            check(Case("quantization.dequantize_linear", (steps, scale, zero_point)))


@pytest.mark.parametrize("scale", [0.1, 0.3, 1 / 255, 0.007])
def test_numbers_between_two_steps(scale: float) -> None:
    """They are rounded to even; products by the reciprocal of a scale are beside the middle."""
    step = np.float32(scale)
    halves = (np.arange(-260, 260, dtype=np.float32) + np.float32(0.5)) * step
    near = np.concatenate([halves, np.nextafter(halves, 9), np.nextafter(halves, -9)])
    for given in (scale, np.array(step), np.full(1, step)):
        options = {"dtype": np.int16}
        check(Case("quantization.quantize_linear", (near, given, 3), options))
    per_axis = (near.reshape(3, -1), np.full(3, step), np.full(3, 3, np.int16))
    check(Case("quantization.quantize_linear_per_axis", per_axis, {"axis": 0}))
    check(Case("quantization.fake_quantize", (near, scale, 3), {"dtype": np.int16}))


@pytest.mark.parametrize("precision", [np.float16, np.float32, None])
def test_quotients_are_rounded_in_their_precision(precision: Any) -> None:
    x, scale = draw(40, 50).astype(np.float16), np.array(0.3, np.float16)
    options = {"precision": precision, "dtype": np.int8}
    check(Case("quantization.quantize_linear", (x, scale), options))
    check(Case("quantization.quantize_linear_per_axis", (x, scale), options))


def test_integers_that_float32_does_not_hold() -> None:
    x, zero = np.array([2**30 + 1, -7], np.int32), np.array(2**30, np.int32)
    check(Case("quantization.dequantize_linear", (x, 0.5, zero)))
    args = (x, np.array([0.5, 2], np.float32), np.array([2**30, 1], np.int32))
    check(Case("quantization.dequantize_linear_per_axis", args, {"axis": 0}))


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
    for dtype in (*INTEGERS, *NARROW):
        most = int(ml_dtypes.iinfo(dtype).max)
        zero = np.asarray(RANDOM.integers(0, min(9, most), scale.shape).astype(dtype))
        steps = RANDOM.integers(0, min(100, most + 1), X.shape).astype(dtype)
        for zeros in (None, zero):
            module, more = "quantization.quantize_linear_per_axis", dict(options)
            if dtype in NARROW:
                module = "quantization_narrow.quantize_linear_narrow"
            if dtype in NARROW or zeros is None:
                more["dtype"] = dtype
            compiled = dtype in (np.uint8, ml_dtypes.int4)
            check(Case(module, (X, scale, zeros), more), compiled=compiled)
            case = Case(
                "quantization.dequantize_linear_per_axis",
                (steps, scale, zeros),
                options,
            )
            check(case, compiled=compiled)


@pytest.mark.parametrize("scale, axis, block_size", SCALES[2:5])
def test_small_floats(scale: Any, axis: int, block_size: int) -> None:
    scale = np.asarray(scale, np.float32)
    options = {"axis": axis, "block_size": block_size}
    for small in FLOATS:
        zero = np.asarray(np.ones(scale.shape, np.float32).astype(small))
        for saturate in (True, False):
            more = {**options, "dtype": small, "saturate": saturate}
            for zeros in (None, zero):
                case = Case(
                    "quantization_narrow.quantize_linear_to_float",
                    (X * 20, scale, zeros),
                    more,
                )
                check(case, compiled=saturate)
        args = (np.asarray(X.astype(small)), scale, zero)
        check(Case("quantization.dequantize_linear_per_axis", args, options))


def test_parameters_that_fit_no_axis_are_refused() -> None:
    args = jnp.ones((3, 4)), jnp.ones((2, 2, 2)), None
    with pytest.raises(ValueError, match="expected rank 2"):
        twin("quantization.quantize_linear_per_axis")(*args)


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


def test_gradients_pass_as_if_nothing_were_rounded() -> None:
    x = jnp.array([-30.0, -1.26, 0.3, 99.0])

    def total(x: jax.Array) -> jax.Array:
        return twin("quantization.fake_quantize")(x, 0.1, 0, dtype=jnp.int8).sum()

    for gradient in (jax.grad(total), jax.jit(jax.grad(total))):
        assert gradient(x).tolist() == [0, 1, 1, 0]


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


@pytest.mark.parametrize("dtype", [ml_dtypes.int4, ml_dtypes.uint4, *FLOATS])
def test_rows_of_small_numbers_in_blocks(dtype: type) -> None:
    data = RANDOM.integers(0, 6, (32, 32)).astype(dtype)
    scales = RANDOM.uniform(0.1, 1, (32, 2)).astype(np.float16)
    indices = np.array([[0, -1, 31], [5, -32, 7]])
    zeros = None if dtype in FLOATS else RANDOM.integers(0, 6, (32, 2)).astype(dtype)
    args = (data, indices, scales, zeros)
    case = Case("quantized_gather.gather_block_quantized", args, {"block_size": 16})
    check(case)
