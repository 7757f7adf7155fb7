"""Twins of elementwise functions and reductions give the numbers of NumPy, and gradients."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
from jax.test_util import check_grads

from tests.targets.jax.versions import enable_x64

from .support import Case, check, twin

RANDOM = np.random.default_rng(0)
FLOATS = (np.float32, np.float64, np.float16, ml_dtypes.bfloat16)
SIGNED = (np.int8, np.int16, np.int32, np.int64)
UNSIGNED = (np.uint8, np.uint16, np.uint32, np.uint64)
TYPES = FLOATS + SIGNED + UNSIGNED
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


def check_compiled(case: Case, *, rtol: float = 1e-6, atol: float = 0.0) -> None:
    """Compare a twin with its kernel compiled; with 32 bits, eagerly too."""
    is_usual = case.args[0].dtype in (np.float32, np.int32)
    check(case, rtol=rtol, atol=atol, x64=True, eager=is_usual)


UNARY = {
    **dict.fromkeys(("absolute", "sign", "square"), TYPES),
    **dict.fromkeys(("negative",), FLOATS + SIGNED),
    **dict.fromkeys(("invert",), SIGNED + UNSIGNED),
    **dict.fromkeys(("ceil", "floor", "rint", "sin", "cos", "tan"), FLOATS),
    **dict.fromkeys(("arctan", "tanh", "arcsinh"), FLOATS),
    **dict.fromkeys(("isnan", "isinf", "reciprocal"), FLOATS),
}


@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_array(name: str) -> None:
    for dtype in UNARY[name]:
        check_compiled(Case(f"arrays.{name}", (draw(dtype, (4, 5)),)), rtol=1e-5)


BINARY = {
    **dict.fromkeys(("add", "subtract", "multiply", "maximum", "minimum"), TYPES),
    **dict.fromkeys(("equal", "less", "less_equal", "greater"), TYPES),
    **dict.fromkeys(("bitwise_and", "bitwise_or", "bitwise_xor"), SIGNED + UNSIGNED),
    "divide": FLOATS,
    "power": (np.float32, np.float64),
}


@pytest.mark.parametrize("name", BINARY)
def test_functions_of_two_arrays(name: str) -> None:
    least = 1 if name == "power" else None
    for dtype in BINARY[name]:
        for first, second in SHAPES if dtype == np.float32 else SHAPES[1:2]:
            args = draw(dtype, first, least=least), draw(dtype, second)
            check_compiled(Case(f"arrays.{name}", args), rtol=1e-5)


@pytest.mark.parametrize("dtype", SIGNED + UNSIGNED)
@pytest.mark.parametrize("name", ["arrays.remainder", "arrays.fmod", "arithmetic.div"])
def test_quotients_and_remainders_of_integers(name: str, dtype: type) -> None:
    a, b = draw(dtype, (50, 1)), draw(dtype, (60,), least=1)
    b[:20] = RANDOM.integers(1, 9, 20)
    if np.iinfo(dtype).min:
        b[::2] *= -1
        a[a == np.iinfo(dtype).min] += 1
    check_compiled(Case(name, (a, b)))


@pytest.mark.parametrize("dtype", SIGNED + UNSIGNED)
@pytest.mark.parametrize("name", ["left_shift", "right_shift"])
def test_shifts_also_beyond_all_bits(name: str, dtype: type) -> None:
    shifts = np.arange(0, 8 * np.dtype(dtype).itemsize + 2, dtype=dtype)
    check_compiled(Case(f"arrays.{name}", (draw(dtype, (20, 1)), shifts)))


def test_nan_and_infinity() -> None:
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -1.0], np.float32)
    for name in ("maximum", "minimum", "less", "equal", "remainder", "fmod"):
        check(Case(f"arrays.{name}", (x[:, None], x)))
    for name in ("sign", "isnan", "isinf", "absolute"):
        check(Case(f"arrays.{name}", (x,)))
    for name in ("sigmoid", "softplus", "elu", "selu", "celu"):
        check(Case(f"activation_exponential.{name}", (x,)))
    check(Case("reduction.reduce_log_sum_exp", (np.stack([x, -x]), (0,))))
    for negative in (False, True):
        options = {"detect_negative": negative, "detect_positive": not negative}
        check(Case("comparison.is_inf", (x,), options))


BASES = (np.float32, np.float16, np.int32, np.int64, np.uint8)
POWERS = (np.float32, np.float64, np.int32, np.int64, np.uint32)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("exponent", POWERS)
def test_powers_have_the_type_of_the_base(base: type, exponent: type) -> None:
    x, y = np.arange(1, 5).astype(base)[:, None], np.arange(4).astype(exponent)
    check_compiled(Case("arithmetic.power", (x, y)))


def test_integers_to_negative_powers_are_rounded_toward_zero() -> None:
    x = np.array([-3, -1, 1, 2], np.int32)[:, None]
    check(Case("arithmetic.power", (x, np.array([-3, -2, -1], np.int32))))


@pytest.mark.parametrize("dtype", TYPES)
def test_clip(dtype: type) -> None:
    x = draw(dtype, (4, 5))
    low, high = np.array(2, dtype), np.array(7, dtype)
    for bounds in ((low, high), (None, high), (low, None), (high, low)):
        check_compiled(Case("arithmetic.clip", (x, *bounds)))


def test_clip_keeps_infinity_out() -> None:
    x = np.array([-np.inf, -3e38, 0, np.inf, np.nan], np.float32)
    for bounds in ((None, None), (-3.4028235e38, 3.4028235e38), (0, None), (None, 6)):
        check(Case("arithmetic.clip", (x, *bounds)))


REDUCTIONS = ("sum", "prod", "mean", "max", "min", "l1", "l2", "sum_square", "log_sum")


@pytest.mark.parametrize("name", [*REDUCTIONS, "log_sum_exp"])
def test_reductions(name: str) -> None:
    for dtype in (*FLOATS, np.int32, np.int8, np.uint8):
        x = draw(dtype, (2, 3, 4), least=1)
        if name in ("prod", "sum_square", "l2", "log_sum_exp"):
            x = (x.astype(np.float32) % 5).astype(dtype)
        for axes in (None, (1,), (0, -1)):
            for keepdims in (False, True):
                case = Case(
                    f"reduction.reduce_{name}", (x, axes), {"keepdims": keepdims}
                )
                if not (name == "log_sum" and np.dtype(dtype).kind in "iu"):
                    check_compiled(case, rtol=1e-5)


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "max", "min", "log_sum_exp"])
def test_reductions_of_nothing(name: str) -> None:
    for dtype in (np.float32, np.int32):
        if dtype == np.float32 or name != "log_sum_exp":
            case = Case(f"reduction.reduce_{name}", (np.ones((2, 0), dtype), (1,)))
            check(case)


def test_softmax_of_half_precision_is_rounded_once() -> None:
    for dtype in FLOATS:
        x = draw(dtype, (5, 64))
        for name in ("softmax", "log_softmax", "hardmax"):
            for axis in (0, -1):
                case = Case(f"softmax.{name}", (x,), {"axis": axis})
                check_compiled(case, rtol=1e-5, atol=1e-6)


def test_top_k_of_equal_numbers_zeros_and_nan() -> None:
    x = np.array([-0.0, 0.0, 1, np.nan, 1, -np.inf, -np.nan], np.float32)
    for largest in (False, True):
        check(Case("selection.top_k", (x, 7), {"largest": largest}), x64=True)
        check(Case("selection.top_k", (x[None], 3), {"largest": largest}), x64=True)


def test_triangles_below_a_traced_diagonal() -> None:
    x = draw(np.float32, (2, 3, 4))
    x[0, 1] = np.nan
    for k in (-9, -1, 0, 2, 9):
        for upper in (False, True):
            for given in (np.array(k), np.array([k]), k):
                check(Case("selection.trilu", (x, given), {"upper": upper}))
    for call in (twin("selection.trilu"), jax.jit(twin("selection.trilu"))):
        with pytest.raises(ValueError, match="expected one number, got 2"):
            call(jnp.ones((2, 2)), jnp.array([1, 2]))


X, Y = RANDOM.uniform(0.5, 1, (2, 3)), RANDOM.uniform(1.5, 2, (3,))
SMOOTH = [
    *(f"activation_exponential.{name}" for name in ("sigmoid", "swish", "softplus")),
    *(f"activation_exponential.{name}" for name in ("mish", "elu", "selu", "celu")),
    *(f"activation_gelu.{name}" for name in ("erf", "gelu", "gelu_tanh")),
    *(f"reduction.reduce_{name}" for name in ("l2", "mean", "prod", "log_sum_exp")),
    *("softmax.softmax", "softmax.log_softmax", "rearrange.cumsum", "arithmetic.cube"),
]


@pytest.mark.parametrize("name", SMOOTH)
def test_gradients(name: str) -> None:
    more = (0,) if name == "rearrange.cumsum" else ()
    with enable_x64(True):
        check_grads(lambda x: twin(name)(x, *more), (jnp.asarray(X - 0.7),), 1)


TRAPS = [
    ("reduction.reduce_l2", (np.zeros((2, 3)),), 0.0),
    ("arithmetic.power", (np.zeros(3), np.array([2.0, 1.0, 3.0])), [0.0, 1.0, 0.0]),
    ("arithmetic.power", (np.array([-2.0]), np.array([2.0])), -4.0),
    ("arithmetic.clip", (np.array([-1.0, 0.5, 2.0]), 0.0, 1.0), [0.0, 1.0, 0.0]),
    ("activation.relu", (np.zeros(2),), 0.0),
    ("activation_exponential.softplus", (np.array([-800.0, 0, 800]),), [0, 0.5, 1]),
    ("activation_exponential.elu", (np.array([-800.0, 800]),), [0, 1]),
    ("softmax.softmax", (np.array([[1e3, 0.0, -np.inf]]),), 0.0),
    ("reduction.reduce_log_sum_exp", (np.array([1e3, -np.inf]),), [1.0, 0.0]),
    ("reduction.reduce_prod", (np.array([0.0, 2, 3]),), [6.0, 0.0, 0.0]),
    ("text_tokens.cdist", (np.ones((1, 2)), np.ones((1, 2))), 0.0),
]


@pytest.mark.parametrize("name, args, expected", TRAPS)
def test_gradients_where_formulas_break(
    name: str, args: tuple[object, ...], expected: object
) -> None:
    with enable_x64(True):
        x, *rest = args
        gradient = jax.grad(lambda x: jnp.sum(twin(name)(x, *rest)))(jnp.asarray(x))
    np.testing.assert_allclose(gradient, np.broadcast_to(expected, gradient.shape))


CASTS = (ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2, ml_dtypes.float8_e4m3fnuz)


@pytest.mark.parametrize("dtype", CASTS)
def test_casts_to_floats_of_8_bits(dtype: type) -> None:
    x = RANDOM.standard_normal(2000) * 10 ** RANDOM.uniform(-4, 6, 2000)
    x[:4] = np.nan, np.inf, -np.inf, 464
    for source in (np.float32, np.float16):
        with np.errstate(over="ignore"):
            numbers = x.astype(source)
        check(Case("arrays.astype", (numbers, dtype)))
        options = {"largest": float(ml_dtypes.finfo(dtype).max)}
        check(Case("casting.cast_saturated", (numbers, dtype), options))


@pytest.mark.parametrize("dtype", [*CASTS, ml_dtypes.float4_e2m1fn])
@pytest.mark.parametrize("source", [np.float32, np.float64])
def test_casts_near_the_middle_of_two_floats_round_once(
    dtype: type, source: type
) -> None:
    """XLA rounded to float16 first, which has the middle, and then to even."""
    bits = np.arange(16 if dtype is ml_dtypes.float4_e2m1fn else 256, dtype=np.uint8)
    every = bits.view(dtype).astype(np.float32)
    every = np.unique(every[np.isfinite(every)])
    middle = (every[1:] + every[:-1]) / 2
    near = [np.nextafter(middle, np.float32(end)) for end in (-np.inf, np.inf)]
    x = np.concatenate([middle, *near, [0.0, -0.0, 1e-40]]).astype(source)
    with enable_x64(True):
        found = twin("arrays.astype")(jnp.asarray(x), dtype)
    np.testing.assert_array_equal(
        np.asarray(found).view(np.uint8), x.astype(dtype).view(np.uint8)
    )


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16])
def test_casts_of_floats_to_small_integers_keep_the_last_bits(dtype: type) -> None:
    x = np.array([-1.5, 3.7, 128, 300, -40000, 70000, 0.9], np.float32)
    for source in (np.float32, np.float64):
        check(Case("arrays.astype", (x.astype(source), dtype)), x64=True)


@pytest.mark.parametrize("round_mode", ["up", "down", "nearest"])
@pytest.mark.parametrize("saturate", [False, True])
def test_casts_to_exponents(round_mode: str, saturate: bool) -> None:
    x = (2.0 ** RANDOM.uniform(-140, 127.5, 3000)).astype(np.float32)
    x[:5] = np.nan, np.inf, 0, -1, 2.0**-127
    options = {"saturate": saturate, "round_mode": round_mode}
    check(Case("casting.cast_to_exponents", (x, ml_dtypes.float8_e8m0fnu), options))


NARROW = (ml_dtypes.int4, ml_dtypes.uint4, ml_dtypes.int2, ml_dtypes.uint2)


@pytest.mark.parametrize("dtype", NARROW)
def test_narrow_integers_are_joined_and_rounded(dtype: type) -> None:
    x = np.arange(6).astype(dtype).reshape(2, 3)
    for axis in (0, 1):
        check(Case("arrays.concatenate", ((x, x, x), axis)))
        check(Case("arrays.stack", ((x, x), axis)))
    numbers = np.array([-2.5, -0.5, 0.4, 0.5, 1.5, 20], np.float32)
    check(Case("casting.cast_rounded", (numbers, dtype)))


def test_a_known_condition_selects_in_compiled_functions() -> None:
    x, condition = jnp.arange(6.0).reshape(2, 3), np.array([True, False, True])
    for name in ("selection", "arrays"):
        compress = twin(f"{name}.compress")
        args = (x, condition) if name == "selection" else (condition, x)
        found = jax.jit(lambda compress=compress, args=args: compress(*args, axis=1))()
        np.testing.assert_array_equal(found, x[:, ::2])


@pytest.mark.parametrize("step", [2**63 - 1, 2**40, 3, 1, -1, -3, -(2**63)])
def test_slices_of_any_step(step: int) -> None:
    x = np.arange(12, dtype=np.float32).reshape(2, 6)
    for start, stop in ((2, 8), (5, 0), (None, None), (-9, 9)):
        bounds = ((start,), (stop,), (1,), (step,))
        check(Case("slicing.slice_axes", (x, *bounds)))
        check(Case("arrays.getitem", (x, (..., slice(start, stop, step)))))
