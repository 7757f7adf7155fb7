"""Numbers of softmax and its kin."""

import numpy as np

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
