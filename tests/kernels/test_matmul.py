"""Numbers of matrix products."""

import numpy as np

from onnx2py.kernels.matmul import gemm, linear, matmul, project
from onnx2py.kernels.matmul_integer import (
    matmul_integer,
    matmul_integer_prepared,
    requantize,
)


def test_the_product_of_two_vectors_is_an_array():
    x = np.array([1, 2], np.float32)
    found = matmul(x, x)
    assert isinstance(found, np.ndarray)
    assert (found.shape, float(found)) == ((), 5)


def test_one_matrix_for_all_rows():
    x = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    swap = np.array([[0, 1], [1, 0]], np.float32)
    np.testing.assert_array_equal(project(x, swap), x[..., ::-1])
    assert project(x[:0], swap).shape == (0, 3, 2)


def test_gemm_leaves_its_arguments_alone():
    a, c = np.ones((2, 2), np.float32), np.ones(2, np.float32)
    assert gemm(a, a, c, alpha=2, beta=3).tolist() == [[7, 7], [7, 7]]
    assert (a == 1).all()
    assert (c == 1).all()


def test_zero_points():
    a, b = np.array([[0, 255]], np.uint8), np.array([[1], [-128]], np.int8)
    zero = np.array(255, np.uint8)
    assert matmul_integer(a, b, zero).tolist() == [[-255]]
    prepared = b.astype(np.float32)
    assert matmul_integer_prepared(a, prepared, zero).tolist() == [[-255]]
    assert matmul_integer(a, b, None, np.array(-128, np.int8)).tolist() == [[0]]


def test_results_are_clipped():
    y = np.array([1e9, -1e9, 2.5], np.float32)
    zero = np.array(10, np.uint8)
    assert requantize(y, np.array(1.0, np.float32), zero).tolist() == [255, 0, 12]


def test_linear_has_the_bits_of_a_product_and_a_sum():
    rng = np.random.default_rng(0)
    for dtype in (np.float32, np.float64):
        x = rng.normal(size=(2, 5, 3)).astype(dtype)
        w, b = rng.normal(size=(3, 4)).astype(dtype), rng.normal(size=4).astype(dtype)
        before = [each.copy() for each in (x, w, b)]
        for bias in (b, b[None], b[None, None]):
            found = linear(x, w, bias)
            assert found.dtype == dtype
            assert found.tobytes() == (b + project(x, w)).tobytes()
        assert all((a == c).all() for a, c in zip((x, w, b), before))
    assert linear(x[:0], w, b).shape == (0, 5, 4)
