"""Numbers of the error function and of GELU, against Python's math."""

import math

import numpy as np
import pytest

from onnx2py.kernels.activation_gelu import erf, gelu, gelu_tanh

LINE = np.concatenate([np.linspace(-7, 7, 20001), [1e-30, -1e-9, 1e-4, 30.0, -1e20]])


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float32, 3e-7), (np.float64, 1e-15)])
def test_erf(dtype, rtol):
    x = LINE.astype(dtype)
    y = erf(x)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, [math.erf(v) for v in x.tolist()], rtol=rtol)


def test_erf_of_half_precision():
    x = LINE[:-1].astype(np.float16)
    y = erf(x)
    assert y.dtype == np.float16
    np.testing.assert_allclose(y, [math.erf(v) for v in x.tolist()], rtol=1e-3)


def test_erf_of_integers():
    for dtype in (np.int8, np.int32, np.int64):
        y = erf(np.array([-100, -1, 0, 1, 100], dtype))
        assert y.dtype == dtype
        np.testing.assert_array_equal(y, [-1, 0, 0, 0, 1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_erf_of_what_is_no_number_or_not_finite(dtype):
    y = erf(np.array([np.nan, np.inf, -np.inf, -0.0], dtype))
    np.testing.assert_array_equal(y, [np.nan, 1, -1, 0])
    assert np.signbit(y[3])


@pytest.mark.parametrize(("dtype", "atol"), [(np.float32, 1e-6), (np.float64, 1e-14)])
def test_gelu(dtype, atol):
    x = LINE[:-1].astype(dtype)
    points = x.tolist()
    exact = [0.5 * v * (1 + math.erf(v / math.sqrt(2))) for v in points]
    np.testing.assert_allclose(gelu(x), exact, rtol=1e-6, atol=atol)
    inner = [math.sqrt(2 / math.pi) * (v + 0.044715 * v**3) for v in points]
    rough = [0.5 * v * (1 + math.tanh(w)) for v, w in zip(points, inner)]
    np.testing.assert_allclose(gelu_tanh(x), rough, rtol=1e-6, atol=atol)


@pytest.mark.parametrize("kernel", [gelu, gelu_tanh])
def test_a_bias_is_added_first(kernel):
    x, bias = np.float32([[1, 2], [-1, 0.5]]), np.float32([0.25, -0.5])
    np.testing.assert_array_equal(kernel(x, bias), kernel(x + bias))


@pytest.mark.parametrize("kernel", [erf, gelu, gelu_tanh])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (0, 2), (3, 1)])
def test_dtype_and_shape_remain(kernel, dtype, shape):
    y = kernel(np.zeros(shape, dtype))
    assert isinstance(y, np.ndarray)
    assert (y.dtype, y.shape) == (dtype, shape)
