"""Numbers of softmax and its kin."""

import numpy as np
import pytest

from onnx2py.kernels.softmax import hardmax, log_softmax, softmax, softmax_flattened


def test_huge_numbers_do_not_overflow():
    x = np.array([[1e4, 1e4, -1e4]], np.float32)
    assert softmax(x).tolist() == [[0.5, 0.5, 0]]
    np.testing.assert_allclose(log_softmax(x)[0, :2], -np.log(2), rtol=1e-6)


def test_the_argument_is_left_alone():
    x = np.zeros((700, 4), np.float32)
    softmax(x)
    assert not x.any()


def test_flattened():
    x = np.zeros((2, 2, 2), np.float32)
    assert np.unique(softmax_flattened(x)).tolist() == [0.25]
    assert np.unique(softmax_flattened(x, axis=-1)).tolist() == [0.5]


def test_the_first_of_equals_wins():
    assert hardmax(np.array([1, 3, 3], np.float32)).tolist() == [0, 1, 0]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 2, 3, 1), (1, 3, 0, 2)])
@pytest.mark.parametrize("axis", [0, 1, 2, 3, -3])
def test_many_short_rows_wherever_they_lie(order, axis):
    x = np.random.default_rng(0).standard_normal((2, 5, 20, 30)).astype(np.float32)
    powers = np.exp(x.astype(np.float64))
    expected = powers / powers.sum(axis, keepdims=True)
    x = np.ascontiguousarray(x.transpose(order)).transpose(np.argsort(order))
    np.testing.assert_allclose(softmax(x, axis=axis), expected, rtol=1e-5)
    y = log_softmax(x, axis=axis)
    np.testing.assert_allclose(y, np.log(expected), rtol=1e-5, atol=1e-6)
