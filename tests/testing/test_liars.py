"""Whether the kit catches every way in which an engine can be wrong."""

from __future__ import annotations

import numpy as np
import pytest

from onnx2py import testing
from onnx2py.testing.judge import same
from onnx2py.testing.suites.official import OfficialSuite

from . import liars

CASE = "test_relu"


def verdict(engine: object) -> tuple[str, str]:
    return testing.judge(testing.engine(engine), OfficialSuite().case(CASE))


def test_the_truth_passes() -> None:
    assert verdict(liars.Honest()) == ("passed", "")


@pytest.mark.parametrize(
    ("liar", "kind", "words"),
    [
        (liars.WrongDtype, "differs", "float64"),
        (liars.WrongShape, "differs", "incorrect shape"),
        (liars.OneNaN, "differs", "nan"),
        (liars.OneMore, "differs", "2"),
        (liars.NoList, "crashed", "expected a list, got ndarray"),
        (liars.Prints, "differs", "it printed 'hello"),
        (liars.PrintsFromC, "differs", "it printed 'hello from C"),
        (liars.WritesToInputs, "differs", "it wrote to the input x"),
        (liars.KeepsState, "differs", "a second time"),
        (liars.ReusesItsBuffer, "differs", "changed an output of the first"),
        (liars.MindsReadOnly, "differs", "with read-only inputs"),
        (liars.RefusesToRun, "crashed", "no, not today"),
    ],
)
def test_a_lie_is_caught(liar: type, kind: str, words: str) -> None:
    found, reason = verdict(liar())
    assert found == kind
    assert words in reason


@pytest.mark.parametrize(
    ("liar", "kind", "words"),
    [
        ("Hangs", "slow", "not done in 2 seconds"),
        ("EndsTheProcess", "crashed", "status 7"),
        ("Segfaults", "crashed", "SIGSEGV"),
        ("EatsMemory", "crashed", "memory"),
    ],
)
def test_what_would_end_the_run_ends_one_case(liar: str, kind: str, words: str) -> None:
    results = testing.run(
        f"tests.testing.liars:{liar}",
        only=[CASE, "test_abs"],
        jobs=1,
        time_limit=2,
        memory_limit=1 << 29,
    )
    assert [(o.case, o.verdict) for o in results.outcomes] == [
        (CASE, kind),
        ("test_abs", kind),
    ]
    assert all(words in outcome.reason for outcome in results.outcomes)
    assert results.outcomes[1].label.operator == "Abs"


def test_what_an_engine_refuses_is_not_wrong() -> None:
    class Refusing(liars.Honest):
        def prepare(self, model):
            raise testing.Refused("no such operator")

    found, reason = verdict(Refusing())
    assert found == "refused"
    assert "no such operator" in reason


def test_values_that_are_not_the_same() -> None:
    assert not same(np.zeros(2), [0.0, 0.0])
    assert not same(np.zeros(2), np.zeros((2, 1)))
    assert same({"a": [np.ones(1)]}, {"a": [np.ones(1)]})
