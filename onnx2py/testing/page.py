"""The page: verdicts by operator and version, a tab for each suite, engines side by side."""

from __future__ import annotations

import base64
import hashlib
import json
import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from ..emit.environment import environment
from .judge import OPEN, PASSED, VERDICTS, Outcome
from .results import Results

MOST = 40
"""How many cases of a box are listed."""
WHOLE = "(models)"
"""The row of cases that are no case of one operator."""


def page(results: Results) -> str:
    """Return the page, complete in one file."""
    templates = environment().overlay(autoescape=True)
    script = templates.get_template("conformance.js").render().strip()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    boxes = _Boxes(results)
    title = f"ONNX conformance: {', '.join(results.engines)}"
    return templates.get_template("conformance.html.j2").render(
        title=title,
        date=results.date,
        digest=f"sha256-{digest}",
        script=script,
        engines=results.engines,
        verdicts=VERDICTS,
        totals=list(_totals(results)),
        suites=[{"name": suite, "rows": boxes.rows(suite)} for suite in results.suites],
        failures=_for_script(boxes.failures),
    )


def _for_script(value: Any) -> str:
    """Return JSON that no text in it can end."""
    text = json.dumps(value, ensure_ascii=True)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _totals(results: Results) -> Iterable[dict[str, Any]]:
    for engine in results.engines:
        versions = results.versions.get(engine, {})
        for suite in results.suites:
            counts = results.counts(engine, suite)
            yield {
                "engine": engine,
                "versions": ", ".join(f"{k} {v}" for k, v in versions.items()),
                "suite": suite,
                "cases": f"{sum(counts.values()):,}",
                "counts": [f"{counts[verdict]:,}" for verdict in VERDICTS],
            }


Key = tuple[str, str, str, int]
"""Suite, operator, engine, version."""


class _Boxes:
    """The cases of each operator, engine and version."""

    def __init__(self, results: Results) -> None:
        self.results, self.engines = results, results.engines
        self.failures: dict[str, list[Any]] = {}
        self._found: dict[Key, list[Outcome]] = {}
        for outcome in results.outcomes:
            operator = outcome.label.name or _pattern(outcome)
            key = (outcome.suite, operator, outcome.engine, outcome.label.version)
            self._found.setdefault(key, []).append(outcome)

    def rows(self, suite: str) -> list[dict[str, Any]]:
        """Return the rows of a suite's table."""
        operators = sorted(
            {key[1] for key in self._found if key[0] == suite},
            key=lambda name: (name == WHOLE, "." in name, name.lower()),
        )
        return [
            {
                "operator": operator,
                "engines": [self._cells(suite, operator, e) for e in self.engines],
            }
            for operator in operators
        ]

    def _cells(self, suite: str, operator: str, engine: str) -> list[dict[str, str]]:
        versions = sorted(
            key[3] for key in self._found if key[:3] == (suite, operator, engine)
        )
        return [self._cell((suite, operator, engine, version)) for version in versions]

    def _cell(self, key: Key) -> dict[str, str]:
        suite, operator, engine, version = key
        outcomes = self._found[key]
        counts = Counter(outcome.verdict for outcome in outcomes)
        compared = len(outcomes) - counts[OPEN]
        at = f"{suite}/{operator}/{engine}/{version}"
        wrong = [o for o in outcomes if o.verdict != PASSED]
        wrong.sort(key=lambda o: VERDICTS.index(o.verdict))
        if wrong:
            self.failures[at] = [self._listed(outcome) for outcome in wrong[:MOST]]
        said = ", ".join(f"{counts[v]:,} {v}" for v in VERDICTS if counts[v])
        named = f"{operator}-{version}" if version else operator
        return {
            "at": at,
            "color": _color(counts[PASSED], compared),
            "text": str(version) if version else f"{counts[PASSED]}/{compared}",
            "title": f"{named} on {engine}: {said}",
        }

    def _listed(self, outcome: Outcome) -> Sequence[str]:
        command = self.results.command_for(outcome) if outcome.verdict != OPEN else []
        return outcome.case, outcome.verdict, outcome.reason, shlex.join(command)


def _pattern(outcome: Outcome) -> str:
    """Return the row of a case of several operators: the pattern that it is drawn of, if any."""
    name, _, number = outcome.case.rpartition("#")
    return name if name and number.isdigit() else WHOLE


def _color(passed: int, compared: int) -> str:
    if not compared:
        return "none"
    share = passed / compared
    bounds = ((1.0, "s4"), (0.9, "s3"), (0.5, "s2"))
    return next(
        (name for bound, name in bounds if share >= bound), "s1" if passed else "s0"
    )
