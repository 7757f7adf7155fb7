"""Numbers of the activation functions made of exponentials, against Python's math."""

import math

import ml_dtypes
import numpy as np
import pytest

from onnx2py.kernels import activation_exponential

POINTS = [-80.0, -20.0, -3.0, -0.5, -1e-3, 0.0, 1e-3, 0.5, 3.0, 20.0, 80.0]


def elu(x, alpha=1.0):
    return x if x > 0 else alpha * math.expm1(x)


CASES = {
    "sigmoid": (activation_exponential.sigmoid, lambda x: 1 / (1 + math.exp(-x))),
    "swish": (
        lambda x: activation_exponential.swish(x, alpha=2.0),
        lambda x: x / (1 + math.exp(-2 * x)),
    ),
    "softplus": (
        activation_exponential.softplus,
        lambda x: max(x, 0) + math.log1p(math.exp(-abs(x))),
    ),
    "softsign": (activation_exponential.softsign, lambda x: x / (1 + abs(x))),
    "mish": (
        activation_exponential.mish,
        lambda x: x * math.tanh(math.log1p(math.exp(x))),
    ),
    "elu": (lambda x: activation_exponential.elu(x, alpha=2.0), lambda x: elu(x, 2.0)),
    "selu": (
        lambda x: activation_exponential.selu(x, alpha=2.0, gamma=3.0),
        lambda x: 3 * elu(x, 2.0),
    ),
    "celu": (
        lambda x: activation_exponential.celu(x, alpha=2.0),
        lambda x: max(x, 0) + 2 * math.expm1(min(x, 0) / 2),
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(
    ("dtype", "rtol", "atol"),
    [
        (np.float64, 1e-12, 1e-15),
        (np.float32, 2e-6, 3e-7),
        (np.float16, 1e-3, 1e-3),
        (ml_dtypes.bfloat16, 8e-3, 1e-3),
    ],
)
def test_values(name, dtype, rtol, atol):
    kernel, formula = CASES[name]
    x = np.array(POINTS, dtype)
    y = kernel(x)
    assert y.dtype == dtype
    expected = [formula(float(point)) for point in x]
    np.testing.assert_allclose(y.astype(np.float64), expected, rtol=rtol, atol=atol)


@pytest.mark.parametrize("name", CASES)
def test_scalars_empty_and_large_tensors(name):
    kernel, _ = CASES[name]
    large = np.random.default_rng(0).normal(size=(2, 20, 30, 60)).astype(np.float32)
    flat = np.concatenate([kernel(part) for part in large.reshape(10, -1)])
    np.testing.assert_allclose(kernel(large).ravel(), flat, rtol=1e-6, atol=1e-7)
    for shape in [(), (0, 3)]:
        y = kernel(np.zeros(shape, np.float32))
        assert isinstance(y, np.ndarray) and y.shape == shape


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_extremes():
    x = np.array([-1000, 1000, np.inf], np.float32)
    np.testing.assert_array_equal(activation_exponential.sigmoid(x), [0, 1, 1])
    np.testing.assert_array_equal(activation_exponential.swish(x), [0, 1000, np.inf])
    np.testing.assert_array_equal(activation_exponential.softplus(x), [0, 1000, np.inf])
    np.testing.assert_array_equal(activation_exponential.mish(x), [0, 1000, np.inf])
    np.testing.assert_array_equal(activation_exponential.elu(x), [-1, 1000, np.inf])
    for name, (kernel, _) in CASES.items():
        assert np.isnan(kernel(np.array([np.nan], np.float32))).all(), name
