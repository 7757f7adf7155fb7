"""Numbers of the operators as they once were."""

import math

import numpy as np
import pytest

from onnx2py.kernels import legacy

A = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


@pytest.mark.parametrize(
    ("shape", "axis", "aligned"),
    [
        ((3,), 1, (1, 3, 1)),
        ((3,), -2, (1, 3, 1)),
        ((2, 3), 0, (2, 3, 1)),
        ((2,), 0, (2, 1, 1)),
        ((3, 4), 1, (1, 3, 4)),
        ((3, 4), -1, (1, 3, 4)),
        ((4,), 2, (1, 1, 4)),
        ((), 1, (1, 1, 1)),
    ],
)
def test_the_axes_of_the_second_tensor(shape, axis, aligned):
    b = np.arange(1, 1 + math.prod(shape), dtype=np.float32).reshape(shape)
    y = legacy.combine_from_axis(A, b, operation="subtract", axis=axis)
    np.testing.assert_array_equal(y, A - b.reshape(aligned))


def test_integers_are_divided_as_ever():
    a, b = np.array([[7, -7], [9, -9]]), np.array([2, -2])
    y = legacy.combine_from_axis(a, b, operation="divide", axis=0)
    np.testing.assert_array_equal(y, [[3, -3], [-4, 4]])


def test_values():
    x = np.float32([-1, 0, 2])
    for y, expected in [
        (legacy.affine(x, alpha=2.0, beta=1.0), [-1, 1, 5]),
        (
            legacy.parametric_softplus(x, alpha=2.0, beta=0.5),
            [2 * math.log(math.exp(v / 2) + 1) for v in (-1, 0, 2)],
        ),
        (
            legacy.scaled_tanh(x, alpha=2.0, beta=0.5),
            [2 * math.tanh(v / 2) for v in (-1, 0, 2)],
        ),
    ]:
        assert y.dtype == np.float32
        np.testing.assert_allclose(y, expected, rtol=1e-6)


def test_images():
    x = np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4)
    y = legacy.image_scaler(x, bias=(1.0, -1.0), scale=0.5)
    np.testing.assert_array_equal(y[0, 0], x[0, 0] / 2 + 1)
    np.testing.assert_array_equal(y[0, 1], x[0, 1] / 2 - 1)
    y = legacy.crop(x, border=(1, 0, 2, 1))  # left, top, right, bottom
    np.testing.assert_array_equal(y, x[:, :, 0:2, 1:2])
    y = legacy.crop(x, border=(1, 1, 0, 0), scale=(2, 3))
    np.testing.assert_array_equal(y, x[:, :, 1:3, 1:4])
    with pytest.raises(ValueError, match="crop: expected at least"):
        legacy.crop(x, border=(1, 1, 0, 0), scale=(3, 3))
