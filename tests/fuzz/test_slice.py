"""The fuzzer's fixed slice: the first cases of every operator, at both levels.

The whole takes minutes: ``make fuzz``.
"""

from __future__ import annotations

import pytest

from .deviations import DEVIATIONS
from .draw import Draw
from .registry import generators
from .runner import Key, run_case

CASES = 12
"""How many of each operator; they are the same in every run."""


@pytest.mark.parametrize(
    "key", generators(), ids=lambda key: ".".join(filter(None, key))
)
def test_the_first_cases_agree_with_onnxruntime(key: Key) -> None:
    outcomes = [run_case(key, number, level=number % 2) for number in range(CASES)]
    wrong = [outcome.text for outcome in outcomes if outcome.kind == "differs"]
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
