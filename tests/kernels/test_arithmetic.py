"""Numbers of the arithmetic that NumPy lacks."""

import ml_dtypes
import numpy as np
import pytest

from onnx2py.kernels import arithmetic


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64])
def test_quotients_are_rounded_toward_zero(dtype):
    a = np.array([7, -7, 7, -7, 6, -6, -128], dtype)
    b = np.array([2, 2, -2, -2, -3, -3, 127], dtype)
    y = arithmetic.div(a, b)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, [3, -3, -3, 3, -2, 2, -1])


def test_quotients_of_large_integers_are_exact():
    a, b = np.array([2**62 + 1, -(2**62) - 1]), np.array([3, 3])
    np.testing.assert_array_equal(
        arithmetic.div(a, b), [(2**62 + 1) // 3, -((2**62 + 1) // 3)]
    )
    y = arithmetic.div(np.array([2**64 - 1], np.uint64), np.array([2], np.uint64))
    np.testing.assert_array_equal(y, np.array([2**63 - 1], np.uint64))


def test_quotients_of_floats_and_of_scalars():
    y = arithmetic.div(np.float32([1, -1]), np.float32([4, 8]))
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y, [0.25, -0.125])
    scalar = arithmetic.div(np.array(-7), np.array(2))
    assert isinstance(scalar, np.ndarray) and scalar == -3


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (np.int32([2, -2, 5]), np.int32([3, 3, 0]), [8, -8, 1]),
        (np.int32([2, -2, 1]), np.int32([-1, -1, -5]), [0, 0, 1]),
        (np.int64([2, 3, 9]), np.float32([0.5, 2.5, 0.5]), [1, 15, 3]),
        (np.float32([0.5, 9, 3]), np.int64([2, -1, 0]), [0.25, 1 / 9, 1]),
        (np.float16([0.5, 9, 3]), np.uint8([2, 1, 0]), [0.25, 9, 1]),
        (np.float32([4, 9]), np.float32([0.5, 2]), [2, 81]),
        (np.array(3, np.int8), np.array(2, np.int64), 9),
    ],
)
def test_powers_have_the_dtype_of_the_base(x, y, expected):
    z = arithmetic.power(x, y)
    assert isinstance(z, np.ndarray) and z.dtype == x.dtype
    np.testing.assert_allclose(z, expected, rtol=1e-6)


def test_cubes():
    np.testing.assert_array_equal(arithmetic.cube(np.int64([-2, 3])), [-8, 27])
    assert isinstance(arithmetic.cube(np.array(2.0)), np.ndarray)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 6.0, [np.nan, 6, 0, 3, 0]),
        (None, 2.0, [np.nan, 2, -3.4028235e38, 2, -3]),
        (0.0, None, [np.nan, 3.4028235e38, 0, 3, 0]),
        (None, None, [np.nan, 3.4028235e38, -3.4028235e38, 3, -3]),
        (5.0, 1.0, [np.nan, 1, 1, 1, 1]),
        (np.array(0, np.float32), np.array([6], np.float32), [np.nan, 6, 0, 3, 0]),
    ],
)
def test_clip(low, high, expected):
    x = np.float32([np.nan, np.inf, -np.inf, 3, -3])
    y = arithmetic.clip(x, low, high)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y, np.float32(expected))


@pytest.mark.parametrize(
    "dtype", [np.int8, np.uint8, np.int64, np.float16, np.float64, ml_dtypes.bfloat16]
)
def test_clip_keeps_the_dtype(dtype):
    y = arithmetic.clip(np.array([1, 5, 9], dtype), 2, np.array(7, dtype))
    assert y.dtype == dtype
    np.testing.assert_array_equal(y.astype(np.int64), [2, 5, 7])
    scalar = arithmetic.clip(np.array(9, dtype), None, 2)
    assert isinstance(scalar, np.ndarray) and scalar.dtype == dtype and scalar == 2


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [
        (arithmetic.elementwise_max, [[3, 3], [5, np.nan]]),
        (arithmetic.elementwise_min, [[0, 1], [0, np.nan]]),
        (arithmetic.elementwise_sum, [[4, 6], [8, np.nan]]),
        (arithmetic.elementwise_mean, [[4 / 3, 2], [8 / 3, np.nan]]),
    ],
)
def test_any_number_of_tensors(kernel, expected):
    a, b = np.float32([[1], [5]]), np.float32([[0, 2], [0, np.nan]])
    y = kernel(a, b, np.float32(3))
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y, np.float32(expected))
    assert isinstance(kernel(np.array(1.0), np.array(2.0)), np.ndarray)


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_small_floats_are_summed_up_in_float32(dtype):
    data = [np.array([256, 2**15], dtype), *[np.array([0.5, 2**15], dtype)] * 2]
    y = arithmetic.elementwise_sum(*data, *data[1:])
    assert y.dtype == dtype
    total = np.array(258, np.float32).astype(dtype)  # by steps, bfloat16 stays at 256
    assert y[0] == total
    mean = arithmetic.elementwise_mean(*data)
    assert mean.dtype == dtype
    assert mean[1] == 2**15
