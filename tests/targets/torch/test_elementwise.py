"""Twins of elementwise functions give the numbers of NumPy, for all element types."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from .support import Case, check, check_gradient, check_meta
from .versions import EXPONENTS

RANDOM = np.random.default_rng(0)
FLOATS = (np.float32, np.float64, np.float16, ml_dtypes.bfloat16)
SIGNED = (np.int8, np.int16, np.int32, np.int64)
UNSIGNED = (np.uint8, np.uint16, np.uint32, np.uint64)
SHAPES = (((2, 3), (2, 3)), ((2, 3), (3,)), ((), (4,)), ((0, 3), (3,)), ((), ()))


def draw(
    dtype: type, shape: tuple[int, ...], *, least: int | None = None
) -> np.ndarray:
    """Draw numbers of all sizes, integers from the whole range."""
    if np.dtype(dtype).kind in "iu":
        info = np.iinfo(dtype)
        low = info.min if least is None else least
        return RANDOM.integers(low, info.max, shape, dtype, endpoint=True)
    numbers = RANDOM.standard_normal(shape) * 10
    return np.asarray(numbers if least is None else abs(numbers) + least).astype(dtype)


UNARY = {
    **dict.fromkeys(("absolute", "sign", "square"), FLOATS + SIGNED + UNSIGNED),
    **dict.fromkeys(("negative",), FLOATS + SIGNED),
    **dict.fromkeys(("invert",), SIGNED + UNSIGNED),
    **dict.fromkeys(("ceil", "floor", "rint", "exp", "sin", "cos", "tan"), FLOATS),
    **dict.fromkeys(("arctan", "sinh", "cosh", "tanh", "arcsinh"), FLOATS),
    **dict.fromkeys(("isnan", "isinf", "reciprocal"), FLOATS),
}


@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_tensor(name: str) -> None:
    for dtype in UNARY[name]:
        for shape in ((2, 3), (), (0, 2)):
            x = draw(dtype, shape)
            if name in ("exp", "sinh", "cosh"):
                x = np.asarray(x / dtype(20)).astype(dtype)
            check(Case(f"arrays.{name}", (x,)), rtol=1e-5)


@pytest.mark.parametrize(
    "name", ["sqrt", "log", "arccosh", "arcsin", "arccos", "arctanh"]
)
def test_functions_of_a_part_of_the_numbers(name: str) -> None:
    x = RANDOM.uniform(0.01, 0.99, (3, 4))
    x = x + 1 if name == "arccosh" else x
    for dtype in FLOATS[:3]:
        check(Case(f"arrays.{name}", (x.astype(dtype),)), rtol=1e-5)
    check_gradient(Case(f"arrays.{name}", (x,)))


BINARY = {
    **dict.fromkeys(("add", "subtract", "multiply"), FLOATS + SIGNED + UNSIGNED),
    **dict.fromkeys(("maximum", "minimum"), FLOATS + SIGNED + UNSIGNED),
    **dict.fromkeys(("equal", "less", "less_equal"), FLOATS + SIGNED + UNSIGNED),
    **dict.fromkeys(("greater", "greater_equal"), FLOATS + SIGNED + UNSIGNED),
    **dict.fromkeys(("bitwise_and", "bitwise_or", "bitwise_xor"), SIGNED + UNSIGNED),
    "divide": FLOATS,
    "power": (np.float32, np.float64),
}


@pytest.mark.parametrize("name", BINARY)
def test_functions_of_two_tensors(name: str) -> None:
    for dtype in BINARY[name]:
        for first, second in SHAPES:
            least = 1 if name == "power" else None
            args = draw(dtype, first, least=least), draw(dtype, second)
            check(Case(f"arrays.{name}", args), rtol=1e-5)


@pytest.mark.parametrize("dtype", SIGNED + UNSIGNED)
@pytest.mark.parametrize("name", ["arrays.remainder", "arrays.fmod", "arithmetic.div"])
def test_quotients_and_remainders_of_integers(name: str, dtype: type) -> None:
    a, b = draw(dtype, (50, 1)), draw(dtype, (60,), least=1)
    b[:20] = RANDOM.integers(1, 9, 20)
    if np.iinfo(dtype).min:
        b[::2] *= -1
        a[a == np.iinfo(dtype).min] += 1
    check(Case(name, (a, b)))


@pytest.mark.parametrize("dtype", SIGNED + UNSIGNED)
@pytest.mark.parametrize("name", ["left_shift", "right_shift"])
def test_shifts_also_beyond_all_bits(name: str, dtype: type) -> None:
    shifts = np.arange(0, 8 * np.dtype(dtype).itemsize + 2, dtype=dtype)
    check(Case(f"arrays.{name}", (draw(dtype, (20, 1)), shifts)))


def test_nan_and_infinity() -> None:
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -1.0], np.float32)
    for name in ("maximum", "minimum", "less", "equal", "remainder", "fmod"):
        check(Case(f"arrays.{name}", (x[:, None], x)))
    for name in ("sign", "isnan", "isinf", "absolute"):
        check(Case(f"arrays.{name}", (x,)))
    check(Case("arrays.isinf", (x.astype(ml_dtypes.float8_e5m2),)))
    for negative in (False, True):
        for positive in (False, True):
            options = {"detect_negative": negative, "detect_positive": positive}
            check(Case("comparison.is_inf", (x,), options))


BASES = (np.float32, np.float16, np.int32, np.int64, np.uint8)
POWERS = (np.float32, np.float64, np.int32, np.int64, np.uint32, np.uint64)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("exponent", POWERS)
def test_powers_have_the_type_of_the_base(base: type, exponent: type) -> None:
    x, y = np.arange(1, 5).astype(base)[:, None], np.arange(4).astype(exponent)
    check(Case("arithmetic.power", (x, y)), rtol=1e-6)


@pytest.mark.parametrize("dtype", FLOATS + SIGNED + UNSIGNED)
def test_clip(dtype: type) -> None:
    x = draw(dtype, (4, 5))
    low, high = np.array(2, dtype), np.array(7, dtype)
    for bounds in ((low, high), (None, high), (low, None), (high, low)):
        check(Case("arithmetic.clip", (x, *bounds)))
    check(Case("arithmetic.clip", (x, 1, 5)))


def test_clip_keeps_infinity_out_and_takes_bounds_beyond_float32() -> None:
    x = np.array([-np.inf, -3e38, 0, np.inf, np.nan], np.float32)
    for bounds in ((None, None), (-3.4028235e38, 3.4028235e38), (0, None), (None, 6)):
        check(Case("arithmetic.clip", (x, *bounds)))


@pytest.mark.parametrize("name", ["max", "min", "sum", "mean"])
@pytest.mark.parametrize("dtype", FLOATS)
def test_functions_of_several_tensors(name: str, dtype: type) -> None:
    data = draw(dtype, (2, 3)), draw(dtype, (3,)), draw(dtype, (1, 1)), draw(dtype, ())
    check(Case(f"arithmetic.elementwise_{name}", data), rtol=1e-5, atol=1e-5)


X, Y = RANDOM.uniform(0.5, 1, (2, 3)), RANDOM.uniform(1.5, 2, (3,))
DIFFERENTIABLE = [
    *(Case(f"arrays.{name}", (X, Y)) for name in ("add", "subtract", "multiply")),
    *(Case(f"arrays.{name}", (X, Y)) for name in ("divide", "power", "maximum")),
    *(
        Case(f"arrays.{name}", (X,))
        for name in ("square", "exp", "log", "tanh", "sqrt")
    ),
    Case("arrays.where", (X > 0.7, X, Y)),
    Case("arrays.astype", (X, np.float64)),
    Case("arithmetic.power", (X, np.array([2, 3, 4]))),
    Case("arithmetic.cube", (X,)),
    Case("arithmetic.clip", (X, 0.6, 0.9)),
    Case("arithmetic.clip", (X, np.array(0.6), np.array(0.9))),
    Case("arithmetic.elementwise_mean", (X, Y, Y)),
    Case("arithmetic.elementwise_max", (X, Y, Y - 1)),
    Case("legacy.affine", (X,), {"alpha": 2.0, "beta": 1.0}),
    Case("legacy.parametric_softplus", (X,), {"alpha": 2.0, "beta": 1.5}),
    Case("legacy.scaled_tanh", (X,), {"alpha": 2.0, "beta": 1.5}),
    Case(
        "legacy.combine_from_axis",
        (RANDOM.uniform(1, 2, (2, 3, 4)), Y),
        {"operation": "divide", "axis": 1},
    ),
]


@pytest.mark.parametrize("case", DIFFERENTIABLE, ids=str)
def test_gradients_and_devices(case: Case) -> None:
    check(case)
    check_gradient(case)
    check_meta(case)


CASTS = (ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2, ml_dtypes.float8_e4m3fnuz)


@pytest.mark.parametrize("dtype", CASTS)
def test_casts_to_floats_of_8_bits(dtype: type) -> None:
    x = RANDOM.standard_normal(2000) * 10 ** RANDOM.uniform(-4, 6, 2000)
    x[:4] = np.nan, np.inf, -np.inf, 464
    for source in (np.float32, np.float16):
        with np.errstate(over="ignore"):
            numbers = x.astype(source)
        check(Case("arrays.astype", (numbers, dtype)))
        for largest in (448.0, 57344.0, 240.0):
            if largest == float(ml_dtypes.finfo(dtype).max):
                options = {"largest": largest}
                check(Case("casting.cast_saturated", (numbers, dtype), options))
    half = x.astype(ml_dtypes.bfloat16)
    check(Case("casting.cast_through_float32", (half, dtype)))


@EXPONENTS
@pytest.mark.parametrize("round_mode", ["up", "down", "nearest"])
@pytest.mark.parametrize("saturate", [False, True])
def test_casts_to_exponents(round_mode: str, saturate: bool) -> None:
    x = (2.0 ** RANDOM.uniform(-140, 127.5, 3000)).astype(np.float32)
    x[:5] = np.nan, np.inf, 0, -1, 2.0**-127
    options = {"saturate": saturate, "round_mode": round_mode}
    check(Case("casting.cast_to_exponents", (x, ml_dtypes.float8_e8m0fnu), options))
