"""Every derivative against differences of the model that it is the derivative of, in float64."""

from __future__ import annotations

import pytest

from onnx2py.gradient.registry import differentiable
from onnx2py.testing import engine, judge
from onnx2py.testing.gradients.cases import CASES
from onnx2py.testing.suites.gradients import GradientSuite, derivatives

SUITE = GradientSuite()


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("name", derivatives())
def test_derivatives_are_limits_of_differences(name: str, level: int):
    assert judge(engine("numpy", level=level), SUITE.case(name)) == ("passed", "")


def test_every_derivative_has_a_case():
    elsewhere = {
        "Cast", "CastLike",  # test_differentiate.py: between two types of numbers
        "Bernoulli", "EyeLike", "Hardmax", "Multinomial", "RandomNormalLike",
        "RandomUniformLike", "Scatter", "Upsample",  # of one rule with a case above
    }  # fmt: skip
    tried = {which.operator for which in CASES}
    assert set(differentiable()) - tried == elsewhere
