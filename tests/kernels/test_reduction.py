"""Numbers of reductions."""

import numpy as np
import pytest

from onnx2py.kernels._short_axes import is_short
from onnx2py.kernels.reduction import (
    reduce_l1,
    reduce_l2,
    reduce_log_sum,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_sum,
    reduce_sum_square,
)
from onnx2py.kernels.reduction_argmax import argmax, argmin

X = np.array([[3, -4], [0, 5]], np.float32)


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [
        (reduce_sum, [-1, 5]),
        (reduce_mean, [-0.5, 2.5]),
        (reduce_max, [3, 5]),
        (reduce_prod, [-12, 0]),
        (reduce_l1, [7, 5]),
        (reduce_l2, [5, 5]),
        (reduce_sum_square, [25, 25]),
    ],
)
@pytest.mark.parametrize("axes", [(1,), (-1,), np.array([1])])
def test_rows(kernel, expected, axes):
    found = kernel(X, axes, keepdims=False)
    assert found.tolist() == expected
    assert found.dtype == np.float32
    assert kernel(X, axes).shape == (2, 1)


def test_a_full_reduction_is_an_array():
    found = reduce_sum(X, keepdims=False)
    assert isinstance(found, np.ndarray)
    assert (found.shape, float(found)) == ((), 4)


def test_axes_may_be_none_at_all():
    np.testing.assert_array_equal(reduce_max(X, (), noop_with_empty_axes=True), X)
    np.testing.assert_array_equal(reduce_l1(X, noop_with_empty_axes=True), abs(X))
    found = reduce_log_sum(np.exp(X), noop_with_empty_axes=True)
    np.testing.assert_allclose(found, X, rtol=1e-5)


def test_integers_keep_their_dtype():
    assert reduce_sum(np.array([1, 2], np.int32)).dtype == np.int32
    assert reduce_l2(np.array([3, 4], np.int32)).tolist() == [5]


SHORT = [
    ((1000, 3), (1,), None),
    ((1500, 2), (-1,), None),
    ((1, 200, 10, 16), (3,), None),
    ((3000, 2, 2), (1, 2), None),
    ((2, 3, 40, 50), (1,), (0, 2, 3, 1)),  # channels last in memory
    ((2, 3, 40, 50), (-3,), (0, 2, 3, 1)),
    ((50, 4, 60, 3), (3, 1), None),
]


@pytest.mark.parametrize(("shape", "axes", "order"), SHORT)
@pytest.mark.parametrize("dtype", ["f4", "f8", "i4", "i8", "u1", "?"])
@pytest.mark.parametrize("keepdims", [True, False])
@pytest.mark.parametrize(
    ("kernel", "ufunc"),
    [
        (reduce_max, np.maximum),
        (reduce_min, np.minimum),
        (reduce_sum, np.add),
        (reduce_prod, np.multiply),
    ],
)
def test_many_short_rows_as_numpy_reduces_them(
    shape, axes, order, dtype, keepdims, kernel, ufunc
):
    x = (np.random.default_rng(0).standard_normal(shape) * 9).astype(dtype)
    if order:
        x = np.ascontiguousarray(x.transpose(order)).transpose(np.argsort(order))
    assert is_short(x, axes)
    expected = ufunc.reduce(x, axes, x.dtype, keepdims=keepdims)
    y = kernel(x, axes, keepdims=keepdims)
    assert y.dtype == x.dtype and y.shape == expected.shape
    if dtype == "f4" and ufunc in (np.add, np.multiply):  # in another order
        np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)
    else:
        np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-12)


def test_nan_in_many_short_rows_stays():
    x = np.zeros((1000, 3), np.float32)
    x[7, 2], x[8, 0] = np.nan, np.nan
    with np.errstate(all="ignore"):
        for kernel in (reduce_max, reduce_min, reduce_sum):
            assert np.flatnonzero(np.isnan(kernel(x, (1,)))).tolist() == [7, 8]


def test_first_or_last_of_equals():
    x = np.array([[1, 7, 7, 1]], np.int32)
    assert argmax(x, axis=1).tolist() == [[1]]
    assert argmax(x, axis=1, select_last_index=True).tolist() == [[2]]
    assert argmin(x, axis=-1, keepdims=False).tolist() == [0]
    assert argmin(x, axis=-1, keepdims=False, select_last_index=True).tolist() == [3]
