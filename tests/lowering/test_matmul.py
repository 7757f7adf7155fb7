"""Rules of matrix products."""

import ml_dtypes
import numpy as np
import pytest

from onnx2py import UnsupportedError
from onnx2py.ir.types import TensorType
from onnx2py.kernels.matmul_integer import matmul_integer
from tests.support import (
    assert_same,
    check_against_onnxruntime,
    compute,
    lowered,
)

RNG = np.random.default_rng(3)


def normal(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def quantized(dtype, *shape):
    limits = np.iinfo(dtype)
    return RNG.integers(limits.min, limits.max + 1, shape).astype(dtype)


def typed(a, b, dtype="float32"):
    return {"a": TensorType(dtype, a), "b": TensorType(dtype, b)}


@pytest.mark.parametrize(
    ("types", "text"),
    [
        (typed((2, 3), (3, 4)), "np.matmul(a, b)"),
        (typed((1, "n", 3), (3, 4)), "np.matmul(a, b)"),
        (typed(("n", 5, 3), (3, 4)), "ops.project(a, b)"),
        (typed(("n", 5, 3), ("n", 3, 4)), "np.matmul(a, b)"),
        (typed((3,), (3,)), "ops.matmul(a, b)"),
        (typed((2, 3), (3, 4), "float16"), "ops.matmul(a, b)"),
        ({}, "ops.matmul(a, b)"),
    ],
)
def test_the_product_is_numpys_where_it_can_be(types, text):
    assert lowered("MatMul", ["a", "b"], opset=13, types=types, prepared=True) == text


@pytest.mark.parametrize(
    "shapes",
    [
        ((3,), (3,)),
        ((3,), (3, 4)),
        ((2, 3), (3,)),
        ((5, 2, 3), (3, 4)),
        ((5, 1, 2, 3), (6, 3, 4)),
        ((2, 0), (0, 4)),
        ((4, 0, 3), (3, 2)),
        ((4, 2, 0), (0, 2)),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_products_agree(shapes, dtype):
    a, b = (RNG.integers(-9, 9, shape).astype(dtype) for shape in shapes)
    check_against_onnxruntime("MatMul", [a, b], opset=9)


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_small_floats_are_summed_in_float32(dtype):
    ones = np.ones((1, 4096), dtype)
    (found,) = compute("MatMul", [ones, ones.T.copy()], opset=13)
    assert_same(found, np.full((1, 1), 4096, dtype))


def test_a_plain_gemm_has_no_words_to_spare():
    names = ["a", "b", "c"]
    assert lowered("Gemm", names, opset=13, alpha=1.0, beta=1.0, transB=1) == (
        "ops.gemm(a, b, c, trans_b=True)"
    )
    assert lowered("Gemm", names, opset=6, broadcast=1) == "ops.gemm(a, b, c)"
    assert lowered("Gemm", names[:2], opset=11, alpha=0.5) == (
        "ops.gemm(a, b, alpha=0.5)"
    )


@pytest.mark.parametrize("c", [None, (), (1,), (4,), (2, 1), (1, 4), (2, 4)])
@pytest.mark.parametrize("trans_a", [0, 1])
@pytest.mark.parametrize("trans_b", [0, 1])
def test_gemm_agrees(c, trans_a, trans_b):
    a = normal(3, 2) if trans_a else normal(2, 3)
    b = normal(4, 3) if trans_b else normal(3, 4)
    arrays = [a, b] if c is None else [a, b, np.asarray(normal(*c))]
    options = {"transA": trans_a, "transB": trans_b}
    check_against_onnxruntime("Gemm", arrays, opset=13, **options)
    check_against_onnxruntime("Gemm", arrays, opset=11, alpha=0.5, beta=0.25, **options)


@pytest.mark.parametrize("opset", [7, 9])
def test_old_gemm_agrees(opset):
    check_against_onnxruntime(
        "Gemm", [normal(2, 3), normal(3, 4), normal(4)], opset=opset, beta=2.0
    )


def test_an_empty_sum_leaves_c():
    a, b, c = np.zeros((2, 0), np.float32), np.zeros((0, 3), np.float32), normal(3)
    (found,) = compute("Gemm", [a, b, c], opset=13)
    assert_same(found, np.stack([c, c]))


def test_gemm_of_integers():
    a, c = np.array([[1, 2]]), np.array([7])
    (found,) = compute("Gemm", [a, a.T, c], opset=13, alpha=2.0, beta=3.0)
    assert_same(found, np.array([[31]]))


def test_k3():
    constants = {
        "b": np.ones((64, 4), np.int8),
        "bz": np.array(1, np.int8),
        "az": np.array(0, np.uint8),
    }
    names = ["a", "b", "az", "bz"]
    of = {"opset": 10, "constants": constants}
    assert lowered("MatMulInteger", names, prepared=True, **of) == (
        "ops.matmul_integer_prepared(a, y.b)"
    )
    assert lowered("MatMulInteger", names, **of) == "ops.matmul_integer(a, b, None, bz)"
    assert lowered("MatMulInteger", names, opset=10) == (
        "ops.matmul_integer(a, b, az, bz)"
    )


@pytest.mark.parametrize("inner", [3, 300, 70_000])
@pytest.mark.parametrize("kinds", [(np.uint8, np.int8), (np.uint8, np.uint8)])
def test_integer_products_are_exact(inner, kinds):
    a, b = np.full((2, inner), 255, np.uint8), np.full((inner, 2), 127, kinds[1])
    a[0], b[:, 0] = quantized(np.uint8, inner), quantized(kinds[1], inner)
    exact = a.astype(np.int64) @ b.astype(np.int64)
    (found,) = compute("MatMulInteger", [a, b], opset=10)
    assert_same(found, exact.astype(np.int32))  # beyond 32 bits it wraps around
    assert_same(matmul_integer(a, b), exact.astype(np.int32))


@pytest.mark.parametrize("a_zero", [None, 7])  # onnxruntime has none for each row
@pytest.mark.parametrize("b_zero", [None, (), (4,)])
def test_matmul_integer_agrees(a_zero, b_zero):
    a, b = quantized(np.uint8, 2, 5), quantized(np.int8, 5, 4)
    zeros = [
        None if a_zero is None else np.array(a_zero, np.uint8),
        None if b_zero is None else np.asarray(quantized(np.int8, *b_zero)),
    ]
    check_against_onnxruntime("MatMulInteger", [a, b, *zeros], opset=10)


def test_a_zero_point_for_each_row():
    a, b = np.array([[3, 4], [5, 6]], np.uint8), np.eye(2, dtype=np.uint8)
    (found,) = compute("MatMulInteger", [a, b, np.array([1, 2], np.uint8)], opset=10)
    assert_same(found, np.array([[2, 3], [3, 4]], np.int32))


@pytest.mark.parametrize("kinds", [(np.uint8, np.int8), (np.int8, np.int8)])
@pytest.mark.parametrize("shape", [(2, 5), (3, 2, 300)])
@pytest.mark.parametrize("columns", [False, True])
def test_qlinear_matmul_agrees(kinds, shape, columns):
    a, b = quantized(kinds[0], *shape), quantized(kinds[1], shape[-1], 4)
    size = (4,) if columns else ()
    inputs = [
        a,
        np.array(0.013, np.float32),
        np.array(3, kinds[0]),
        b,
        np.asarray(RNG.uniform(0.01, 0.1, size), np.float32),
        np.asarray(np.zeros(size), kinds[1]),
        np.array(0.7, np.float32),
        np.array(5, kinds[0]),
    ]
    check_against_onnxruntime("QLinearMatMul", inputs, opset=10)


def test_halves_are_rounded_to_even():
    one = np.array(1, np.float32)
    zero = np.array(0, np.int8)
    a, b = np.array([[1], [3], [-1]], np.int8), np.array([[1]], np.int8)
    inputs = [a, one, zero, b, one, zero, np.array(2, np.float32), zero]
    assert_same(
        compute("QLinearMatMul", inputs, opset=21)[0],
        np.array([[0], [2], [0]], np.int8),
    )


def test_float8_has_no_rule():
    types = {"a": TensorType("float8e4m3fn", (2, 2))}
    names = ["a", "as", "az", "b", "bs", "bz", "ys", "yz"]
    with pytest.raises(UnsupportedError, match="expected int8 or uint8"):
        lowered("QLinearMatMul", names, opset=21, types=types)
