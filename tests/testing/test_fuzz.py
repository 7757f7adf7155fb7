"""A fixed slice of the suite ``fuzz``: the first cases of every operator, at both levels.

More are drawn by ``make fuzz``, which takes minutes.
"""

from __future__ import annotations

import pytest

from onnx2py.testing import judge
from onnx2py.testing.fuzz.deviations import DEVIATIONS
from onnx2py.testing.fuzz.draw import Draw
from onnx2py.testing.fuzz.registry import generators
from onnx2py.testing.suites.fuzz import FuzzSuite, Key, case_name

from .strict import Strict

CASES = 12
"""How many of each operator; they are the same in every run."""
SUITE = FuzzSuite()


@pytest.mark.parametrize(
    "key", generators(), ids=lambda key: ".".join(filter(None, key))
)
def test_the_first_cases_agree_with_onnxruntime(key: Key) -> None:
    names = [case_name(key, number) for number in range(CASES)]
    found = {
        name: judge(Strict(number % 2), SUITE.case(name))
        for number, name in enumerate(names)
    }
    wrong = [f"{n}: {found[n]}" for n in names if found[n][0] not in ("passed", "open")]
    assert not wrong, "\n".join(wrong)


def test_there_are_enough_operators() -> None:
    assert len(generators()) >= 120


def test_every_deviation_says_why() -> None:
    known = {operator for _, operator in generators()}
    for deviation in DEVIATIONS:
        assert len(deviation.reason) > 30
        assert set(deviation.operators) <= known


def test_bounds_that_a_type_does_not_reach_are_those_of_the_type() -> None:
    drawn = Draw(0).array("uint32", (99,), -3, 3)
    assert {*drawn.tolist()} == {0, 1, 2, 3}
