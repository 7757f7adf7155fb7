"""Expectations are strict in both directions; files of results can be read again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from onnx2py.errors import OptionError
from onnx2py.testing import Label, Outcome, Results, read_expected, read_results
from onnx2py.testing.results import expected_text
from onnx2py.testing.scoreboard import write_scoreboard

OUTCOMES = [
    Outcome("e", "official", "test_add", "passed", "", Label("Add", "", 14), 0.25),
    Outcome("e", "official", "test_abs", "differs", "1 of 2", Label("Abs", "", 13)),
    Outcome(
        "e",
        "official",
        "test_cast_FLOAT_to_DOUBLE",
        "refused",
        "no",
        Label("Cast", "", 13),
    ),
    Outcome(
        "e",
        "official",
        "test_cast_FLOAT_to_FLOAT16",
        "refused",
        "no",
        Label("Cast", "", 13),
    ),
    Outcome("e", "fuzz", "Relu-14#3", "open", "no answer", Label("Relu", "", 14)),
]


def surprises(expected: object, complete: bool = False) -> list[str]:
    results = Results(list(OUTCOMES), {"e": {"lib": "1"}}, "today", complete=complete)
    results.expected = read_expected(expected)
    return results.regressions


def test_without_a_list_what_is_wrong_is_a_regression() -> None:
    assert Results(list(OUTCOMES)).regressions == [
        "e: official test_abs: differs: 1 of 2"
    ]


def test_what_is_listed_is_expected() -> None:
    listed = {
        "official": {"test_abs": "differs", "test_cast_*": {"verdict": "refused"}}
    }
    assert surprises(listed) == []


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        (
            {"test_abs": "differs"},
            "test_cast_FLOAT_to_DOUBLE: expected passed, got refused",
        ),
        (
            {"test_abs": "differs", "test_cast_*": "refused", "test_add": "differs"},
            "test_add: expected differs, got passed",
        ),
        (
            {"test_abs": "crashed", "test_cast_*": "refused"},
            "test_abs: expected crashed, got differs: 1 of 2",
        ),
        (
            {"test_abs": ["crashed", "slow"], "test_cast_*": "refused"},
            "test_abs: expected crashed or slow, got differs",
        ),
    ],
)
def test_every_other_outcome_is_a_surprise(
    listed: dict[str, object], words: str
) -> None:
    assert any(words in line for line in surprises({"official": listed}))


def test_an_entry_without_a_case_is_a_surprise_once_all_ran() -> None:
    listed = {"test_abs": "differs", "test_cast_*": "refused", "test_gone": "differs"}
    assert surprises({"official": listed}) == []
    assert surprises({"official": listed}, complete=True) == [
        "official test_gone: expected a case of that name, got none"
    ]


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    results = Results(list(OUTCOMES), {"e": {"lib": "1"}}, "today")
    results.write(tmp_path / "r.json")
    again = read_results(tmp_path / "r.json")
    assert again.outcomes == OUTCOMES
    assert again.versions == {"e": {"lib": "1"}}


@pytest.mark.parametrize("text", ["", "[]", '{"format": "x"}', '{"cases": 1}'])
def test_what_is_no_file_of_results_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(OptionError, match="expected results of onnx2py conformance"):
        read_results(tmp_path / "r.json")


@pytest.mark.parametrize(
    "text", ["", "[]", '{"official": {"a": "right"}}', '{"official": {"a": []}}']
)
def test_what_is_no_file_of_expectations_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "e.json").write_text(text)
    with pytest.raises(OptionError, match="expected suites with cases"):
        read_expected(tmp_path / "e.json")


def test_a_list_that_was_written_is_met(tmp_path: Path) -> None:
    text = expected_text(Results(list(OUTCOMES)))
    (tmp_path / "e.json").write_text(text)
    assert surprises(tmp_path / "e.json", complete=True) == []


def test_the_scoreboard_counts_cases_and_keeps_its_trend(tmp_path: Path) -> None:
    results = Results(list(OUTCOMES), {"e": {"lib": "1"}}, "today")
    for _ in range(2):
        write_scoreboard(results, tmp_path)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["passed"] == ["OnnxBackendNodeModelTest::test_add_cpu"]
    assert report["failed"] == ["OnnxBackendNodeModelTest::test_abs_cpu"]
    assert len(report["skipped"]) == 2
    trend = json.loads((tmp_path / "trend.json").read_text())
    assert [entry["passed"] for entry in trend] == [1, 1]
    operators = json.loads((tmp_path / "ops.json").read_text())
    assert operators[0] == {
        "domain": "", "op_type": "Abs", "passed_tests": 0, "failed_tests": 1,
        "skipped_tests": 0, "total_tests": 1,
    }  # fmt: skip
