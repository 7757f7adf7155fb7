"""Numbers of losses."""

import numpy as np
import pytest

from onnx2py.kernels.loss import (
    negative_log_likelihood_loss,
    softmax_cross_entropy_loss,
)

X = np.array([[-1, -2], [-3, -4]], np.float32)
TARGET = np.array([0, 1])
WEIGHT = np.array([1, 3], np.float32)


@pytest.mark.parametrize(
    ("reduction", "expected"), [("none", [1, 12]), ("sum", 13), ("mean", 13 / 4)]
)
def test_weights(reduction, expected):
    found = negative_log_likelihood_loss(X, TARGET, WEIGHT, reduction=reduction)
    assert isinstance(found, np.ndarray)
    assert found.tolist() == expected


def test_two_equal_scores():
    found, log_prob = softmax_cross_entropy_loss(
        np.zeros((1, 2), np.float32), TARGET[:1]
    )
    np.testing.assert_allclose(found, np.log(2), rtol=1e-6)
    np.testing.assert_allclose(log_prob, [[-np.log(2)] * 2], rtol=1e-6)
