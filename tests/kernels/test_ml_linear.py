"""Numbers of linear models."""

import numpy as np
import pytest

from onnx2py.kernels import _ml_scores, ml_linear

X = np.array([[1, 2], [3, -4]])
COEFFICIENTS = np.array([[1, 0], [0, 2]], np.float32)


def test_regression():
    y = ml_linear.linear_regressor(
        X, coefficients=COEFFICIENTS, intercepts=np.array([0.5, 0], np.float32)
    )
    assert y.tolist() == [[1.5, 4], [3.5, -8]]
    assert y.dtype == np.float32


def test_classification():
    label, scores = ml_linear.linear_classifier(
        X, coefficients=COEFFICIENTS, labels=("a", "b")
    )
    assert label.tolist() == ["b", "a"]
    assert scores.tolist() == [[1, 4], [3, -8]]


def test_one_score_decides_between_two_labels():
    label, scores = ml_linear.linear_binary_classifier(
        X, coefficients=COEFFICIENTS[:, 1:], labels=(5, 6)
    )
    assert label.tolist() == [6, 5]
    assert scores.tolist() == [[-3, 4], [9, -8]]


@pytest.mark.parametrize(
    "transform, expected",
    [
        ("NONE", [0, -2, 1]),
        ("LOGISTIC", [0.5, 0.11920292, 0.73105858]),
        ("SOFTMAX", [0.25949646, 0.03511903, 0.70538451]),
        ("SOFTMAX_ZERO", [0, 0.04742587, 0.95257413]),
    ],
)
def test_scores_are_transformed(transform, expected):
    scores = np.array([[0, -2, 1]], np.float32)
    found = _ml_scores.transform_scores(scores, transform)
    np.testing.assert_allclose(found, [expected], rtol=1e-6)
    assert found.dtype == np.float32


def test_probit_approximates_the_normal_quantiles():
    scores = np.array([[0.025, 0.25, 0.5, 0.75, 0.975]], np.float32)
    found = _ml_scores.transform_scores(scores, "PROBIT")
    expected = [[-1.959964, -0.67449, 0, 0.67449, 1.959964]]
    np.testing.assert_allclose(found, expected, atol=5e-3)  # the formula is coarse


def test_logistic_does_not_overflow():
    with np.errstate(all="raise", under="ignore"):
        scores = np.array([[-1000, 1000]], np.float32)
        found = _ml_scores.transform_scores(scores, "LOGISTIC")
    assert found.tolist() == [[0, 1]]
