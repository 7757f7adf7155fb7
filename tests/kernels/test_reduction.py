"""Numbers of reductions."""

import numpy as np
import pytest

from onnx2py.kernels.extreme import argmax, argmin
from onnx2py.kernels.reduction import (
    reduce_l1,
    reduce_l2,
    reduce_log_sum,
    reduce_max,
    reduce_mean,
    reduce_prod,
    reduce_sum,
    reduce_sum_square,
)

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


def test_first_or_last_of_equals():
    x = np.array([[1, 7, 7, 1]], np.int32)
    assert argmax(x, axis=1).tolist() == [[1]]
    assert argmax(x, axis=1, select_last_index=True).tolist() == [[2]]
    assert argmin(x, axis=-1, keepdims=False).tolist() == [0]
    assert argmin(x, axis=-1, keepdims=False, select_last_index=True).tolist() == [3]
