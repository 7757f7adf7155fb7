"""Numbers of support vector machines."""

import numpy as np
import pytest

from onnx2py.kernels import ml_svm

X = np.array([[1, 2], [3, 4]], np.float32)
VECTORS = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])


@pytest.mark.parametrize(
    "kernel_type, expected",
    [
        ("LINEAR", [1, 2, 3]),
        ("POLY", [2.25, 4, 6.25]),
        ("RBF", [np.exp(-2), np.exp(-1), np.exp(-0.5)]),
        ("SIGMOID", [np.tanh(1.5), np.tanh(2), np.tanh(2.5)]),
    ],
)
def test_kernels(kernel_type, expected):
    x = X[:1].astype(np.float64)
    found = ml_svm.svm_kernels(x, VECTORS, kernel_type, (0.5, 1.0, 2.0))
    np.testing.assert_allclose(found, [expected], rtol=1e-12)


def test_regression():
    coefficients = np.array([1.0, -1.0])
    y = ml_svm.svm_regressor(X, coefficients=coefficients, rho=0.25)
    assert y.tolist() == [[-0.75], [-0.75]]
    y = ml_svm.svm_regressor(X, coefficients=coefficients, rho=1.25, one_class=True)
    assert y.tolist() == [[1], [1]]
    assert y.dtype == np.float32


def test_the_class_with_most_duels_wins():
    label, scores = ml_svm.svm_classifier(
        X,
        support_vectors=VECTORS,
        coefficients=np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, -1]]),
        rho=np.array([-2.0, -3.0, 0.0]),
        labels=("a", "b", "c"),
    )
    assert scores.tolist() == [[-1, -1, -3], [1, 1, -7]]
    assert label.tolist() == ["c", "a"]


def test_certain_duels_give_certain_classes():
    """The first class wins both of its duels, whatever the others do."""
    _, chances = ml_svm.svm_classifier(
        X[:1],
        support_vectors=VECTORS,
        coefficients=np.eye(3),
        rho=np.zeros(3),
        labels=(0, 1, 2),
        prob_a=np.array([-20, -10, 0], np.float32),
        prob_b=np.zeros(3, np.float32),
    )
    np.testing.assert_allclose(chances, [[1, 0, 0]], atol=1e-3)
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_few_rows_get_the_probabilities_that_many_get(classes):
    duels = [(i, j) for i in range(classes) for j in range(i + 1, classes)]
    rng = np.random.default_rng(0)
    odds = rng.uniform(0.01, 0.99, (20, len(duels))).astype(np.float32)
    odds[7, 0] = np.nan
    many = ml_svm._couple(odds, *np.array(duels).T, classes)
    few = [ml_svm._couple_row(row, duels) for row in odds.tolist()]
    assert np.ptp(many, axis=1).max() > 0.2
    np.testing.assert_allclose(few, many, rtol=1e-4, atol=1e-6)
