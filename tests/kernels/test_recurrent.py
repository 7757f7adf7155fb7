"""Numbers of recurrent layers, small enough to follow by hand."""

import numpy as np
import pytest

from onnx2py.kernels._recurrent_activation import activation_function
from onnx2py.kernels.gru import gru
from onnx2py.kernels.lstm import lstm
from onnx2py.kernels.rnn import rnn

ONE = np.ones((1, 1, 1), np.float32)
STEPS = np.array([1, 2, 3], np.float32).reshape(3, 1, 1)


def test_an_rnn_with_the_identity_adds_up():
    y, y_h = rnn(STEPS, ONE, ONE, activations=("Affine",), activation_alpha=(1.0,))
    assert y.ravel().tolist() == [1, 3, 6]
    assert y_h.tolist() == [[[6]]]


def test_backwards():
    options = {"activations": ("Affine",), "activation_alpha": (1.0,)}
    y, y_h = rnn(STEPS, ONE, ONE, direction="reverse", **options)
    assert y.ravel().tolist() == [6, 5, 3]
    assert y_h.tolist() == [[[6]]]
    lens = np.array([2], np.int32)
    y, y_h = rnn(STEPS, ONE, ONE, None, lens, direction="reverse", **options)
    assert y.ravel().tolist() == [3, 2, 0]
    assert y_h.tolist() == [[[3]]]


def test_a_gru_that_never_updates_keeps_its_state():
    w, r = np.zeros((1, 3, 1), np.float32), np.zeros((1, 3, 1), np.float32)
    b = np.array([[1e4, 0, 0, 0, 0, 0]], np.float32)
    y, _ = gru(STEPS, w, r, b, None, 0.5 * ONE)
    assert y.ravel().tolist() == [0.5, 0.5, 0.5]


def test_an_lstm_that_forgets_nothing_counts():
    w, r = np.zeros((1, 4, 1), np.float32), np.zeros((1, 4, 1), np.float32)
    b = np.array([[1e4, 1e4, 1e4, 1e4, 0, 0, 0, 0]], np.float32)
    y, _, y_c = lstm(STEPS, w, r, b)
    assert y_c.tolist() == [[[3]]]
    np.testing.assert_allclose(y.ravel(), np.tanh([1, 2, 3]), rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "alpha", "beta", "expected"),
    [
        ("Affine", 2.0, 1.0, [-3, 1, 5]),
        ("LeakyRelu", 0.5, 0.0, [-1, 0, 2]),
        ("ThresholdedRelu", 2.0, 0.0, [0, 0, 0]),
        ("HardSigmoid", 0.5, 0.5, [0, 0.5, 1]),
        ("Softsign", 0.0, 0.0, [-2 / 3, 0, 2 / 3]),
        ("Elu", 2.0, 0.0, [2 * np.expm1(-2), 0, 2]),
        ("Softplus", 0.0, 0.0, np.log1p(np.exp([-2, 0, 2]))),
        ("ScaledTanh", 2.0, 3.0, 2 * np.tanh([-6, 0, 6])),
        ("Sigmoid", 0.0, 0.0, 1 / (1 + np.exp([2, 0, -2]))),
    ],
)
def test_functions(name, alpha, beta, expected):
    x = np.array([-2, 0, 2], np.float32)
    found = activation_function(name, alpha, beta)(x)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)
