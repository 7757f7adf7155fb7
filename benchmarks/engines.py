"""Engines on the same cases: ``python -m benchmarks.engines RESULTS.json [--write]``.

Makes a table of the outcomes in a file that ``onnx2py conformance ENGINE... --suite official fuzz
--json RESULTS.json`` has written; ``--write`` records the counts, from which
``make readme`` makes the table of the README.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from onnx2py.testing import Results, read_results
from onnx2py.testing.judge import CRASHED, DIFFERS, OPEN, PASSED, REFUSED, SLOW

from . import records

RECORD = "engines"
COLUMNS = {
    "passed": (PASSED,),
    "differs": (DIFFERS,),
    "refused": (REFUSED,),
    "crashed": (CRASHED, SLOW),
}
TITLES = {"official": "ONNX's cases", "fuzz": "random nodes"}
LIBRARIES = {"reference": ("onnx", "onnx's ReferenceEvaluator")}
"""The distributions and names of engines that are not called like their distribution."""


def record_of(results: Results) -> dict[str, Any]:
    """Return the counts of each engine on each suite, and the versions."""
    return {
        "versions": results.versions,
        "suites": {
            suite: {e: dict(results.counts(e, suite)) for e in results.engines}
            for suite in results.suites
        },
    }


def table(record: Mapping[str, Any] | None = None) -> str:
    """Return the table of a record, of the one in the repository if there is none."""
    record = record or records.read(RECORD)
    headings = [
        f"{TITLES.get(suite, suite)}: passed" if column == "passed" else column
        for suite in record["suites"]
        for column in COLUMNS
    ]
    lines = [
        f"| engine | {' | '.join(headings)} |",
        f"| --- |{' ---: |' * len(headings)}",
    ]
    for engine, versions in record["versions"].items():
        numbers = [
            sum(engines[engine].get(verdict, 0) for verdict in verdicts)
            for engines in record["suites"].values()
            for verdicts in COLUMNS.values()
        ]
        cells = [_named(engine, versions), *(f"{number:,}" for number in numbers)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _named(engine: str, versions: Mapping[str, str]) -> str:
    library, name = LIBRARIES.get(engine, (engine, engine))
    if "onnx2py" in versions:
        name = f"onnx2py for {engine}"
    return f"{name} {versions.get(library, '')}".strip()


def compared(results: Results) -> str:
    """Return how many cases of each suite have no answer to compare with, in a line."""
    return ", ".join(
        f"{suite}: {results.counts(results.engines[0], suite)[OPEN]} open"
        for suite in results.suites
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table of results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engines")
    parser.add_argument("results", metavar="RESULTS.json")
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args(arguments)
    results = read_results(chosen.results)
    record = record_of(results)
    print(table(record), compared(results), sep="\n")
    if chosen.write:
        records.write(RECORD, record)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
