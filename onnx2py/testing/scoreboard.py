"""Results as ONNX's backend scoreboard reads them.

See https://github.com/onnx/backend-scoreboard: ``report.json`` lists the cases, ``ops.json`` counts
them by operator, ``trend.json`` has an entry for each run.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

from ..errors import OptionError, OutputError
from .judge import OPEN, PASSED, REFUSED, Outcome
from .results import Results, check_target, write_text
from .suites.official import runner_name

SUITE = "official"


def write_scoreboard(results: Results, folder: Path) -> None:
    """Write the files for the one engine of some results; its trend grows by an entry.

    Raises
    ------
    OptionError
        If there are several engines, the official suite did not run, or there is another file
        where the trend should be.
    OutputError
        If a file cannot be written.
    """
    outcomes = results.of(suite=SUITE)
    if len(results.engines) != 1 or not outcomes:
        raise OptionError(
            "scoreboard: expected the official suite on one engine, got "
            f"{', '.join(results.engines)} on {', '.join(results.suites) or 'nothing'}"
        )
    date = time.strftime("%m/%d/%Y %H:%M:%S")
    named: dict[str, list[str]] = {"passed": [], "failed": [], "skipped": []}
    for outcome in outcomes:
        named[_column(outcome)].append(runner_name(outcome.case))
    report = {"date": date, **{k: sorted(v) for k, v in named.items()}}
    operators = _operators(outcomes)
    entry = {
        "date": date,
        **{column: len(names) for column, names in named.items()},
        "total_ops": len(operators),
        "versions": [
            {"name": name, "version": version}
            for name, version in results.versions[results.engines[0]].items()
        ],
    }
    check_folder(folder)
    for name, content in (
        ("report.json", report),
        ("ops.json", operators),
        ("trend.json", [*_earlier(folder / "trend.json"), entry]),
    ):
        write_text(folder / name, json.dumps(content, indent=4, sort_keys=True) + "\n")


def check_folder(folder: Path) -> None:
    """Make a folder for the files, and check that they can be written.

    Raises
    ------
    OptionError
        If there is another file where the trend should be.
    OutputError
        If there can be no such folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made: {error.strerror}") from None
    check_target(folder / "trend.json")
    _earlier(folder / "trend.json")


def _column(outcome: Outcome) -> str:
    if outcome.verdict == PASSED:
        return "passed"
    return "skipped" if outcome.verdict in (REFUSED, OPEN) else "failed"


def _operators(outcomes: list[Outcome]) -> list[dict[str, Any]]:
    counts: dict[tuple[str, str], Counter[str]] = {}
    for outcome in outcomes:
        key = (outcome.label.domain, outcome.label.operator)
        if outcome.label.operator:
            counts.setdefault(key, Counter())[_column(outcome)] += 1
    return [
        {
            "domain": domain,
            "op_type": operator,
            "passed_tests": found["passed"],
            "failed_tests": found["failed"],
            "skipped_tests": found["skipped"],
            "total_tests": sum(found.values()),
        }
        for (domain, operator), found in sorted(counts.items())
    ]


def _earlier(path: Path) -> list[Any]:
    if not path.exists():
        return []
    try:
        found = json.loads(path.read_text("utf-8"))
        if not isinstance(found, list):
            raise ValueError(f"got {type(found).__name__}")
    except (OSError, ValueError) as error:
        raise OptionError(f"{path}: expected a list of entries: {error}") from None
    return found
