"""Rules of losses."""

import numpy as np
import pytest

from onnx2py import UnsupportedError
from tests.support import check_against_onnxruntime, compute, lowered

RNG = np.random.default_rng(8)


def test_the_defaults_are_left_out():
    names = ["x", "t"]
    operator = "NegativeLogLikelihoodLoss"
    assert lowered(operator, names, opset=13, reduction="mean") == (
        "ops.negative_log_likelihood_loss(x, t)"
    )
    assert lowered(operator, names, opset=22, ignore_index=-1, reduction="sum") == (
        "ops.negative_log_likelihood_loss(x, t, ignore_index=-1, reduction='sum')"
    )
    with pytest.raises(UnsupportedError, match="reduction"):
        lowered(operator, names, opset=12, reduction="max")


@pytest.mark.parametrize(
    "operator", ["NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"]
)
@pytest.mark.parametrize("opset", [12, 13])
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("ignore", [None, 1])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("inner", [(), (2, 3)])
def test_losses_agree(operator, opset, reduction, ignore, weighted, inner):
    x = RNG.normal(size=(4, 5, *inner)).astype(np.float32)
    target = RNG.integers(0, 5, (4, *inner))
    target.flat[0] = 2  # not all may be ignored
    weight = [RNG.uniform(0.5, 1, 5).astype(np.float32)] if weighted else []
    options = {} if ignore is None else {"ignore_index": ignore}
    check_against_onnxruntime(
        operator, [x, target, *weight], opset=opset, reduction=reduction, **options
    )


def test_the_logarithm_of_the_softmax_agrees():
    x = RNG.normal(size=(4, 5)).astype(np.float32)
    check_against_onnxruntime(
        "SoftmaxCrossEntropyLoss", [x, np.array([0, 1, 2, 3])], opset=13, outputs=2
    )


def test_an_ignored_target_may_be_no_class():
    x = np.array([[-1.0, -2.0], [-3.0, -4.0]], np.float32)
    (found,) = compute(
        *("NegativeLogLikelihoodLoss", [x, np.array([1, -100])]),
        opset=13,
        ignore_index=-100,
    )
    assert float(found) == 2
