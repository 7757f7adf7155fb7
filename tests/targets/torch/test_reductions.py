"""Twins of reductions give the numbers of their kernels, for all axes and types."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from .support import Case, check, check_gradient, check_meta

RANDOM = np.random.default_rng(0)
NAMES = ("sum", "prod", "mean", "max", "min", "l1", "l2", "sum_square")
NAMES = (*NAMES, "log_sum", "log_sum_exp")
WIDE = (np.float32, np.float64, np.float16, ml_dtypes.bfloat16, np.int32, np.int64)
OPTIONS: tuple[tuple[Any, dict[str, Any]], ...] = (
    (None, {}),
    (None, {"keepdims": False}),
    ((), {"noop_with_empty_axes": True}),
    ((1,), {}),
    ((0, -1), {"keepdims": False}),
    ((-1, 2), {"keepdims": False}),  # the same axis
    (np.array([1]), {"keepdims": False}),
    (np.array([], np.int64), {}),
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", WIDE)
def test_types_and_axes(name: str, dtype: type) -> None:
    x = (RANDOM.uniform(0.5, 3, (2, 3, 4)) + (name == "log_sum")).astype(dtype)
    for axes, options in OPTIONS:
        case = Case(f"reduction.reduce_{name}", (x, axes), options)
        check(case, rtol=1e-5)
        if not isinstance(axes, np.ndarray):
            check_meta(case)
    check(Case(f"reduction.reduce_{name}", (x[0, 0, 0:1].reshape(()), (0,))), rtol=1e-5)


@pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "sum_square", "mean"])
@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.uint16, np.uint32, np.uint64])
def test_integers_of_all_sizes(name: str, dtype: type) -> None:
    if name == "mean" and np.dtype(dtype).kind == "u" and np.dtype(dtype).itemsize > 1:
        return  # ONNX has no such mean
    info = np.iinfo(dtype)
    x = RANDOM.integers(info.min, info.max, (3, 5), dtype, endpoint=True)
    check(Case(f"reduction.reduce_{name}", (x, (1,))))
    # NumPy's own sums and products of smaller integers are int64 or uint64.
    if name in ("max", "min") or (name in ("sum", "prod") and dtype == np.uint64):
        check(Case(f"arrays.{name}", (x,), {"axis": 0, "keepdims": True}))


@pytest.mark.parametrize("name", ["max", "min"])
def test_bools(name: str) -> None:
    x = np.array([[True, False], [True, True]])
    check(Case(f"reduction.reduce_{name}", (x, (0,))))
    check(Case(f"reduction.reduce_{name}", (x[:0], (0,))))
    check(Case(f"arrays.{name}", (x,), {"axis": (0, 1), "keepdims": True}))


@pytest.mark.parametrize("name", NAMES)
def test_no_elements(name: str) -> None:
    for shape, axes in (((2, 0, 3), (1,)), ((0, 3), (1,)), ((0, 2), None)):
        for dtype in (np.float32, np.int32):
            if dtype == np.int32 and name.startswith("log"):
                continue  # the logarithm of 0 is no integer
            x = np.ones(shape, dtype)
            check(Case(f"reduction.reduce_{name}", (x, axes)))


def test_means_of_integers_are_rounded_toward_zero() -> None:
    x = np.array([[-3, -4, 0], [3, 4, 1]], np.int32)
    check(Case("reduction.reduce_mean", (x, (1,))))


def test_infinity_and_nan() -> None:
    inf, nan = np.inf, np.nan
    x = np.array([[inf, 1], [-inf, -inf], [nan, 1], [inf, -inf]], np.float32)
    for name in ("max", "min", "sum", "mean", "log_sum_exp", "l1"):
        check(Case(f"reduction.reduce_{name}", (x, (1,))))


@pytest.mark.parametrize("name", NAMES)
def test_gradients(name: str) -> None:
    x = RANDOM.uniform(0.5, 3, (2, 3, 2))
    check_gradient(Case(f"reduction.reduce_{name}", (x, (0, 2))))
    check_gradient(Case(f"reduction.reduce_{name}", (x,)))


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "max", "min"])
def test_functions_of_numpy(name: str) -> None:
    x = RANDOM.standard_normal((2, 3, 4))
    for axis in (1, -1, (0, 2)):
        for options in ({}, {"keepdims": True}):
            case = Case(f"arrays.{name}", (x,), {"axis": axis, **options})
            check(case)
            check_meta(case)
            check_gradient(case)
