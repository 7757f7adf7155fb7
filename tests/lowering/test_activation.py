"""Rules of the activation functions."""

import numpy as np
import pytest

from onnx2py import UnsupportedError
from tests.support import check_against_onnxruntime, lowered


def test_relu():
    assert lowered("Relu", ["x"], opset=13) == "ops.relu(x)"


def test_leaky_relu_leaves_the_default_out():
    assert lowered("LeakyRelu", ["x"], opset=6, alpha=0.01) == "ops.leaky_relu(x)"
    assert (
        lowered("LeakyRelu", ["x"], opset=6, alpha=0.5)
        == "ops.leaky_relu(x, alpha=0.5)"
    )


def test_an_unknown_attribute_is_reported():
    with pytest.raises(UnsupportedError, match="attribute beta"):
        lowered("Relu", ["x"], opset=13, beta=1.0)


@pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
def test_leaky_relu_agrees(shape):
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    check_against_onnxruntime("LeakyRelu", [x], opset=16, alpha=0.3)
