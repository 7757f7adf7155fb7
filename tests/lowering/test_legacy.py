"""Rules of the operators that ONNX removed; onnxruntime still has them."""

import numpy as np
import pytest

from onnx2py import UnsupportedError
from tests.support import check_against_onnxruntime, lowered

CASES = [
    ("Affine", {"alpha": 2.0, "beta": 1.0}, "ops.affine(x, alpha=2.0, beta=1.0)"),
    ("Scale", {"scale": 0.5}, "ops.affine(x, alpha=0.5)"),
    (
        "ParametricSoftplus",
        {"alpha": 2.0, "beta": 0.5},
        "ops.parametric_softplus(x, alpha=2.0, beta=0.5)",
    ),
    (
        "ScaledTanh",
        {"alpha": 2.0, "beta": 0.5},
        "ops.scaled_tanh(x, alpha=2.0, beta=0.5)",
    ),
    ("ThresholdedRelu", {"alpha": 0.5}, "ops.thresholded_relu(x, alpha=0.5)"),
    (
        "ImageScaler",
        {"bias": [1.0, -1.0], "scale": 0.5},
        "ops.image_scaler(x, bias=(1.0, -1.0), scale=0.5)",
    ),
    ("Crop", {"border": [1, 0, 2, 1]}, "ops.crop(x, border=(1, 0, 2, 1))"),
    (
        "Crop",
        {"border": [1, 1, 0, 0], "scale": [2, 3]},
        "ops.crop(x, border=(1, 1, 0, 0), scale=(2, 3))",
    ),
]


@pytest.mark.parametrize(("operator", "attributes", "source"), CASES)
def test_removed_operators(operator, attributes, source):
    assert lowered(operator, ["x"], opset=1, **attributes) == source
    x = np.random.default_rng(0).normal(size=(1, 2, 4, 5)).astype(np.float32)
    check_against_onnxruntime(operator, [x], opset=1, output_types=[1], **attributes)


def test_an_incomplete_border_is_reported():
    with pytest.raises(UnsupportedError, match=r"expected 4 and 2 numbers, got \(1,\)"):
        lowered("Crop", ["x"], opset=1, border=[1])
