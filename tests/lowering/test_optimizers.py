"""Rules of optimisers."""

import numpy as np
import pytest
from onnx import TensorProto
from onnx.reference import ReferenceEvaluator

from tests.support import assert_same, compute, lowered, node_model

DOMAIN = "ai.onnx.preview.training"
MOMENTUM = {"alpha": 0.9, "beta": 0.5, "norm_coefficient": 0.01}


def test_one_call_for_all_tensors():
    names = ["r", "t", "x", "g", "v"]
    options = {"alpha": 0.5, "beta": 0.25, "norm_coefficient": 0.0, "mode": "nesterov"}
    assert (
        lowered("Momentum", names, ["x2", "v2"], opset=1, domain=DOMAIN, **options)
        == "ops.momentum(r, t, x, g, v, alpha=0.5, beta=0.25, norm_coefficient=0.0, "
        "nesterov=True)"
    )


@pytest.mark.parametrize("count", [0, 3])
@pytest.mark.parametrize("tensors", [1, 2])
@pytest.mark.parametrize(
    ("operator", "states", "options"),
    [
        ("Adagrad", 1, {"norm_coefficient": 0.01, "decay_factor": 0.1}),
        ("Adam", 2, {"alpha": 0.95, "norm_coefficient_post": 0.1}),
        ("Momentum", 1, {**MOMENTUM, "mode": "standard"}),
        ("Momentum", 1, {**MOMENTUM, "mode": "nesterov"}),
    ],
)
def test_the_reference_agrees(operator, states, options, tensors, count):
    rng = np.random.default_rng(10)
    size = (2 + states) * tensors
    values = [rng.uniform(0.1, 1, (2, 3)).astype(np.float32) for _ in range(size)]
    arrays = [np.array(0.1, np.float32), np.array(count), *values]
    options = {
        "opset": 1,
        "domain": DOMAIN,
        "outputs": (1 + states) * tensors,
        **options,
    }
    kinds = [TensorProto.FLOAT] * options["outputs"]
    model = node_model(operator, arrays, output_types=kinds, **options)
    feeds = {f"x{i}": array for i, array in enumerate(arrays)}
    expected = ReferenceEvaluator(model).run(None, feeds)
    expected = [x.astype(np.float32) for x in expected]  # the reference may widen them
    assert_same(compute(operator, arrays, **options), expected)
