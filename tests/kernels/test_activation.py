"""Numbers of the activation functions made of straight lines."""

import numpy as np
import pytest

from onnx2py.kernels import activation

X = np.array([-4.0, -1.0, 0.0, 2.0], np.float32)


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        (activation.relu(X), [0, 0, 0, 2]),
        (activation.leaky_relu(X, alpha=0.25), [-1, -0.25, 0, 2]),
        (activation.leaky_relu(X, alpha=2.0), [-8, -2, 0, 2]),
        (activation.leaky_relu(X, alpha=-1.0), [4, 1, 0, 2]),
        (activation.prelu(X, np.float32([1, 2, 3, 4])), [-4, -2, 0, 2]),
        (activation.thresholded_relu(X, alpha=-2.0), [0, -1, 0, 2]),
        (activation.shrink(X, bias=0.5, lambd=1.5), [-3.5, 0, 0, 1.5]),
        (activation.hard_sigmoid(X, alpha=0.25, beta=0.5), [0, 0.25, 0.5, 1]),
        (activation.hard_swish(X), [0, -1 / 3, 0, 5 / 3]),
    ],
)
def test_values(y, expected):
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, expected, rtol=1e-6)


def test_infinity_is_kept():
    x = np.array([np.inf, -np.inf], np.float32)
    np.testing.assert_array_equal(activation.leaky_relu(x), x)
    np.testing.assert_array_equal(activation.leaky_relu(x, alpha=0.0)[:1], x[:1])
    np.testing.assert_array_equal(activation.prelu(x, np.float32(0.5)), x)


def test_a_slope_without_end_does_not_concern_what_is_positive():
    x = np.float32([2, 0, -1])
    y = activation.prelu(x, np.float32([np.inf, np.nan, np.inf]))
    np.testing.assert_array_equal(y, [2, 0, -np.inf])


def test_one_slope_for_each_channel():
    x = -np.ones((1, 2, 2), np.float32)
    y = activation.prelu_per_channel(x, np.array([2, 3], np.float32))
    np.testing.assert_array_equal(y, [[[-2, -2], [-3, -3]]])


def test_shrunk_integers_are_rounded_toward_zero():
    x = np.array([-3, 0, 3, 200], np.int16)
    y = activation.shrink(x, bias=1.5, lambd=0.5)
    assert y.dtype == np.int16
    np.testing.assert_array_equal(y, [-1, 0, 1, 198])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (0, 2), (3, 1)])
def test_dtype_and_shape_remain(dtype, shape):
    x = np.full(shape, -0.5, dtype)
    for kernel in (
        activation.relu,
        activation.leaky_relu,
        activation.thresholded_relu,
        activation.shrink,
        activation.hard_sigmoid,
        activation.hard_swish,
    ):
        y = kernel(x)
        assert isinstance(y, np.ndarray)
        assert (y.dtype, y.shape) == (dtype, shape)
        np.testing.assert_array_equal(x, np.full(shape, -0.5, dtype))
