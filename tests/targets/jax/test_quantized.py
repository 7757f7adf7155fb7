"""Twins of arithmetic and convolutions of bytes give the numbers of their kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .support import Case, check, run

RANDOM = np.random.default_rng(0)


def draw(dtype: type, *shape: int) -> np.ndarray:
    info = np.iinfo(dtype)
    return RANDOM.integers(info.min, info.max, shape, dtype, endpoint=True)


WINDOWS: list[dict[str, Any]] = [
    {},
    {"strides": (2, 1), "pads": (1, 0, 2, 1)},
    {"pads": "SAME_UPPER", "dilations": (1, 2)},
    {"group": 2},
]


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
@pytest.mark.parametrize("options", WINDOWS, ids=str)
def test_convolutions(dtype: type, options: dict[str, Any]) -> None:
    x, weight = draw(dtype, 2, 4, 7, 6), draw(
        np.int8, 6, 4 // options.get("group", 1), 3, 2
    )
    zeros: tuple[Any, ...] = (np.array(5, dtype), 7, None)
    for zero in zeros:
        for of_weight in (
            None,
            np.array(3, np.int8),
            draw(np.int8, 6),
            (1, 2, 3, 4, 5, 6),
        ):
            args = (x, weight, zero, of_weight)
            case = Case("conv_integer.conv_integer", args, options)
            is_compiled = of_weight is None
            check(case, eager=not is_compiled, compiled=is_compiled)
    zero, scale = np.array(4, dtype), tuple(RANDOM.uniform(0.001, 0.01, 6))
    scales: tuple[Any, ...] = (0.004, np.array(scale, np.float32), scale)
    for bias in (None, RANDOM.integers(-5000, 5000, 6).astype(np.int32)):
        for of_weight in scales:
            given = (
                x,
                0.05,
                zero,
                weight,
                of_weight,
                0,
                np.array(0.1, np.float32),
                zero,
            )
            case = Case("conv_integer.qlinear_conv", (*given, bias), options)
            check(case, eager=dtype is np.int8)
    last = (np.moveaxis(x, 1, -1), *given[1:])
    check(Case("quantized.qlinear_conv_channels_last", last, options))


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
def test_arithmetic(dtype: type) -> None:
    a, b = draw(dtype, 3, 40), draw(dtype, 40)
    scale, zero = np.array(0.013, np.float32), np.array(3, dtype)
    for output in ((np.array(0.05, np.float32), zero), (0.05, 7)):
        for args in (
            (a, scale, zero, b, 0.02, 5, *output),
            (b[:1], 0.02, 5, a, scale, zero, *output),
        ):
            for name in ("add", "mul"):
                check(Case(f"quantized.qlinear_{name}", args), eager=dtype is np.int8)
        args = (a > 0, a, scale, zero, b, 0.02, 5, *output)
        check(Case("quantized.qlinear_where", args))
        for axes in ((), (1,), (0, -1)):
            for keepdims in (True, False):
                options = {"axes": axes, "keepdims": keepdims}
                args = (a, scale, zero, *output)
                case = Case("quantized.qlinear_reduce_mean", args, options)
                check(case, eager=dtype is np.int8)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
@pytest.mark.parametrize("transposed", [False, True])
def test_products(dtype: type, transposed: bool) -> None:
    a, b = draw(dtype, *(300, 4) if transposed else (4, 300)), draw(np.int8, 300, 5)
    b = b.T if transposed else b
    options = {"alpha": 0.5, "trans_a": transposed, "trans_b": transposed}
    c = RANDOM.integers(-5000, 5000, 5).astype(np.int32)
    scales = RANDOM.uniform(0.01, 0.1, 5).astype(np.float32)
    for bias in (None, c):
        for of_b in ((0.02, 3), (scales, draw(np.int8, 5))):
            given = (a, 0.05, np.array(2, dtype), b, *of_b, bias)
            check(Case("quantized.qgemm", given, options), rtol=1e-5)
            case = Case("quantized.qgemm", (*given, 3.0, np.array(1, dtype)), options)
            check(case)


POOLS: list[dict[str, Any]] = [
    {},
    {"strides": (2, 2), "pads": (1, 0, 1, 1)},
    {"strides": (2, 2), "ceil_mode": True, "pads": (0, 1, 1, 0)},
    {"pads": "SAME_LOWER", "strides": (3, 2)},
]


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
@pytest.mark.parametrize("options", POOLS, ids=str)
@pytest.mark.parametrize("count_include_pad", [False, True])
def test_pools(dtype: type, options: dict[str, Any], count_include_pad: bool) -> None:
    x = draw(dtype, 2, 3, 6, 7)
    given = (0.1, 3, np.array(0.05, np.float32), np.array(2, dtype))
    more = {**options, "kernel_shape": (2, 3), "count_include_pad": count_include_pad}
    case = Case("quantized_pool.qlinear_average_pool", (x, *given), more)
    check(case, eager=dtype is np.int8)
    last = (np.moveaxis(x, 1, -1), *given)
    more["channels_last"] = True
    check(Case("quantized_pool.qlinear_average_pool", last, more), eager=False)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
@pytest.mark.parametrize("channels_last", [False, True])
def test_global_pools(dtype: type, channels_last: bool) -> None:
    args = (draw(dtype, 2, 3, 6, 7), 0.1, 3, np.array(0.05, "f4"), np.array(2, dtype))
    options = {"channels_last": channels_last}
    check(Case("quantized_pool.qlinear_global_average_pool", args, options))


BYTES = [np.int8, np.uint8]


@pytest.mark.parametrize("of_a", BYTES)
@pytest.mark.parametrize("of_b", BYTES)
def test_exact_products(of_a: type, of_b: type) -> None:
    """All zero points, those of rows and of columns among them."""
    name = "matmul_integer.matmul_integer"
    a, b = draw(of_a, 2, 4, 300), draw(of_b, 2, 300, 5)
    for zero_a, zero_b in (
        (None, None),
        (draw(of_a), None),
        (None, draw(of_b, 5)),
        (draw(of_a), draw(of_b)),
        (draw(of_a, 4), draw(of_b, 5)),
        (draw(of_a, 2, 4, 1), draw(of_b, 2, 1, 5)),
    ):
        check(Case(name, (a, b, zero_a, zero_b)), eager=False)
        check(Case(name, (a[0], b, zero_a, zero_b)), compiled=False)
        if zero_a is not None and zero_b is not None:
            output = np.array(0.9, np.float32), draw(of_a)
            args = (a, draw_scale(zero_a), zero_a, b, draw_scale(zero_b), zero_b)
            case = Case("matmul_integer.qlinear_matmul", (*args, *output))
            check(case, eager=zero_a.ndim == 1)
    zeros = draw(of_a), draw(of_b)
    for left, right in ((a[0, 0], b), (a, b[0, :, 0]), (a[0, 0], b[0, :, 0])):
        check(Case(name, (left, right, *zeros)), compiled=False)
    check(Case(name, (a[..., :0], b[:, :0], *zeros)))


def draw_scale(zero: np.ndarray) -> np.ndarray:
    return np.asarray(RANDOM.uniform(0.001, 0.1, zero.shape), np.float32)


@pytest.mark.parametrize("dtype", BYTES)
@pytest.mark.parametrize("scales", [(0.1, 0.05, 0.2), (0.03, 0.03, 1 / 255)])
def test_all_pairs_of_bytes(dtype: type, scales: tuple[float, ...]) -> None:
    """Many sums and products are in the middle of two steps."""
    a = np.arange(256).astype(np.uint8).astype(dtype)
    both = np.array(np.broadcast_to(a[:, None], (256, 256))), a
    parts = [
        (np.array(scale, np.float32), np.array(zero, dtype))
        for scale, zero in zip(scales, (3, 100, 27))
    ]
    (first, second, output), (x, y) = parts, both
    for name in ("add", "mul"):
        check(Case(f"quantized.qlinear_{name}", (x, *first, y, *second, *output)))


def test_kernels_that_do_not_fit_are_refused() -> None:
    x, weight = draw(np.int8, 1, 2, 3, 3), draw(np.int8, 4, 2, 3, 4)
    with pytest.raises(ValueError, match="at least 4 elements, got 3"):
        run(Case("conv_integer.conv_integer", (x, weight)))
