"""Rules of optimisers, against the numbers of the official cases."""

import numpy as np
import pytest
from onnx.backend.test.case.node import collect_testcases

from tests.support import assert_same, compute, lowered

DOMAIN = "ai.onnx.preview.training"
CASES = {
    case.name: case
    for operator in ("Adagrad", "Adam", "Momentum")
    for case in collect_testcases(operator)
}


def test_one_call_for_all_tensors():
    names = ["r", "t", "x", "g", "v"]
    options = {"alpha": 0.5, "beta": 0.25, "norm_coefficient": 0.0, "mode": "nesterov"}
    assert (
        lowered("Momentum", names, ["x2", "v2"], opset=1, domain=DOMAIN, **options)
        == "ops.momentum(r, t, x, g, v, alpha=0.5, beta=0.25, norm_coefficient=0.0, "
        "nesterov=True)"
    )


@pytest.mark.parametrize("name", sorted(CASES))
def test_official_numbers(name):
    case = CASES[name]
    node = case.model.graph.node[0]
    options = {a.name: a.s.decode() if a.type == 3 else a.f for a in node.attribute}
    for inputs, outputs in case.data_sets:
        arrays = [np.asarray(array) for array in inputs]
        found = compute(
            node.op_type,
            arrays,
            opset=1,
            domain=DOMAIN,
            outputs=len(outputs),
            **options,
        )
        assert_same(found, [np.asarray(array) for array in outputs])
