"""The outcomes of runs, what was expected of them, and the files that hold them."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ..errors import OptionError, OutputError
from .case import Label
from .judge import OPEN, PASSED, REFUSED, VERDICTS, Outcome

FORMAT = "onnx2py-conformance-1"


@dataclass
class Results:
    """Outcomes of one engine or several, with the versions of what was used."""

    outcomes: list[Outcome] = field(default_factory=list)
    versions: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of each engine: the libraries by name."""
    date: str = ""
    expected: Expected | None = None
    interrupted: bool = False
    complete: bool = False
    """Whether all cases of the suites ran: then each entry of ``expected`` must match one."""
    suite_specs: dict[str, str] = field(default_factory=dict)
    """Of each suite: how the user spells it, as in ``corpus=FOLDER``."""

    def command_for(self, outcome: Outcome) -> list[str]:
        """Return the command that runs a case again, in words."""
        spec = self.suite_specs.get(outcome.suite, outcome.suite)
        return [
            "onnx2py", "conformance", outcome.engine, "--suite", spec, "--only", outcome.case,
        ]  # fmt: skip

    @property
    def engines(self) -> list[str]:
        """The names of the engines, in order."""
        return list(dict.fromkeys([*self.versions, *(o.engine for o in self.outcomes)]))

    @property
    def suites(self) -> list[str]:
        """The names of the suites, in order."""
        return list(dict.fromkeys(o.suite for o in self.outcomes))

    def of(self, engine: str = "", suite: str = "") -> list[Outcome]:
        """Return the outcomes of an engine, of a suite, or of both."""
        return [
            outcome
            for outcome in self.outcomes
            if outcome.engine == (engine or outcome.engine)
            and outcome.suite == (suite or outcome.suite)
        ]

    def counts(self, engine: str = "", suite: str = "") -> Counter[str]:
        """Return how many cases have each verdict."""
        return Counter(outcome.verdict for outcome in self.of(engine, suite))

    @property
    def regressions(self) -> list[str]:
        """What is not as expected, in words: better outcomes too.

        Without an expected list, all that is neither passed nor refused.
        """
        if self.expected is not None:
            return self.expected.surprises(self.outcomes, complete=self.complete)
        return [
            f"{o.engine}: {o.suite} {o.case}: {o.verdict}: {o.reason}"
            for o in self.outcomes
            if o.verdict not in (PASSED, REFUSED, OPEN)
        ]

    def write(self, path: str | Path) -> None:
        """Write the page (``.html``), or the outcomes, a line each (``.json``).

        Raises
        ------
        OptionError
            If the suffix is another.
        OutputError
            If the file cannot be written.
        """
        path = Path(path)
        if path.suffix == ".html":
            from .page import page

            text = page(self)
        elif path.suffix == ".json":
            text = self.json()
        else:
            raise OptionError(f"{path}: expected a name that ends in .html or .json")
        write_text(path, text)

    def json(self) -> str:
        """Return the outcomes as JSON, a line each."""
        head = {
            "format": FORMAT,
            "date": self.date,
            "versions": self.versions,
            "suites": self.suite_specs,
        }
        lines = [json.dumps(_row(outcome)) for outcome in self.outcomes]
        opening = json.dumps(head)[:-1]
        return f'{opening}, "cases": [\n' + ",\n".join(lines) + "\n]}\n"

    def merged(self, other: Results) -> Results:
        """Return the outcomes of both; those of ``other`` replace equal cases."""
        rows = {(o.engine, o.suite, o.case): o for o in self.outcomes}
        rows.update({(o.engine, o.suite, o.case): o for o in other.outcomes})
        return Results(
            list(rows.values()),
            {**self.versions, **other.versions},
            other.date or self.date,
            other.expected or self.expected,
            suite_specs={**self.suite_specs, **other.suite_specs},
        )


def check_target(path: Path) -> None:
    """Check that a file can be written, before the work whose results it is for.

    Raises
    ------
    OutputError
        If it cannot.
    """
    if path.is_dir():
        raise OutputError(f"{path}: expected a file, got a folder")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise OutputError(
            f"{path}: expected a folder that can be written, got {path.parent}"
        )


def write_text(path: Path, text: str) -> None:
    """Write a file, whole or not at all.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_text(text, "utf-8", errors="backslashreplace")
        beside.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from None


def read_results(path: str | Path) -> Results:
    """Read a file that :meth:`Results.write` has written.

    Raises
    ------
    OptionError
        If it is none.
    """
    try:
        found = json.loads(Path(path).read_text("utf-8"))
        if found["format"] != FORMAT:
            raise ValueError(found["format"])
        outcomes = [_outcome(row) for row in found["cases"]]
        return Results(
            outcomes,
            {name: _texts(libraries) for name, libraries in found["versions"].items()},
            str(found["date"]),
            suite_specs=_texts(found.get("suites", {})),
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise OptionError(
            f"{path}: expected results of onnx2py conformance: {error}"
        ) from None


def _texts(found: Mapping[Any, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in found.items()}


def _row(outcome: Outcome) -> list[Any]:
    label = outcome.label
    return [
        outcome.engine, outcome.suite, outcome.case, outcome.verdict, outcome.reason,
        label.domain, label.operator, label.version, round(outcome.seconds, 4),
    ]  # fmt: skip


def _outcome(row: Sequence[Any]) -> Outcome:
    engine, suite, case, verdict, reason, domain, operator, version, seconds = row
    if verdict not in VERDICTS:
        raise ValueError(f"verdict {verdict!r}")
    texts = (engine, suite, case, reason, domain, operator)
    if not all(isinstance(text, str) for text in texts):
        raise ValueError(f"case {case!r}")
    label = Label(operator, domain, int(version))
    return Outcome(engine, suite, case, verdict, reason, label, float(seconds))


# -------------------------------------------------------------------- expectations


@dataclass(frozen=True)
class Expected:
    """The cases that do not pass, by suite and name: ``*`` stands for any letters.

    Each has a verdict or a list of those that are allowed, and may have a reason::

        {"official": {"test_image_decoder_*": {"verdict": "refused", "reason": "no decoder"}}}
    """

    cases: Mapping[str, Mapping[str, tuple[str, ...]]]
    source: str = ""

    def surprises(
        self, outcomes: Iterable[Outcome], *, complete: bool = False
    ) -> list[str]:
        """Say what is not as expected, in both directions."""
        found = []
        met: set[tuple[str, str]] = set()
        suites: set[str] = set()
        for outcome in outcomes:
            suites.add(outcome.suite)
            pattern, allowed = self.entry_of(outcome)
            met.add((outcome.suite, pattern))
            if outcome.verdict not in (*allowed, OPEN):
                found.append(
                    f"{outcome.engine}: {outcome.suite} {outcome.case}: expected "
                    f"{' or '.join(allowed)}, got {outcome.verdict}"
                    + (f": {outcome.reason}" if outcome.reason else "")
                )
        if complete:
            found += [
                f"{suite} {pattern}: expected a case of that name, got none"
                for suite in self.cases.keys() & suites
                for pattern in self.cases[suite]
                if (suite, pattern) not in met
            ]
        return found

    def lists(self, outcome: Outcome) -> bool:
        """Whether an entry is about a case."""
        return bool(self.entry_of(outcome)[0])

    def entry_of(self, outcome: Outcome) -> tuple[str, tuple[str, ...]]:
        """Return the entry about a case and its verdicts: the case itself before patterns."""
        listed = self.cases.get(outcome.suite, {})
        if outcome.case in listed:
            return outcome.case, listed[outcome.case]
        for pattern, allowed in listed.items():
            if fnmatchcase(outcome.case, pattern):
                return pattern, allowed
        return "", (PASSED,)


def read_expected(path: str | Path | Mapping[str, Any]) -> Expected:
    """Read a file of cases that do not pass.

    Raises
    ------
    OptionError
        If it is none.
    """
    try:
        if isinstance(path, Mapping):
            found, source = path, "expected"
        else:
            found, source = json.loads(Path(path).read_text("utf-8")), str(path)
        cases = {
            suite: {name: _verdicts(value) for name, value in listed.items()}
            for suite, listed in found.items()
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise OptionError(
            f"{path!s:.200}: expected suites with cases and their verdicts: {error}"
        ) from None
    return Expected(cases, source)


def _verdicts(value: Any) -> tuple[str, ...]:
    given = value["verdict"] if isinstance(value, Mapping) else value
    found = (given,) if isinstance(given, str) else tuple(given)
    unknown = [verdict for verdict in found if verdict not in VERDICTS]
    if unknown or not found:
        raise ValueError(f"verdict {given!r}: expected one of {', '.join(VERDICTS)}")
    return found


def expected_text(results: Results, earlier: Mapping[str, Any] | None = None) -> str:
    """Return the file of expectations that results meet.

    Entries of ``earlier``, which is what such a file holds, stay with their reasons if results
    meet them, and if their cases did not run.
    """
    found = _still_met(results, earlier or {})
    rest = Expected(
        {s: {n: _verdicts(v) for n, v in of.items()} for s, of in found.items()}
    )
    by_case: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in sorted(results.outcomes, key=lambda o: o.key):
        if outcome.verdict != OPEN and not rest.lists(outcome):
            by_case.setdefault(outcome.key, []).append(outcome)
    for (suite, case), outcomes in by_case.items():
        verdicts = list(dict.fromkeys(o.verdict for o in outcomes))
        if verdicts != [PASSED]:
            reason = next(o.reason for o in outcomes if o.verdict != PASSED)
            found.setdefault(suite, {})[case] = {
                "verdict": verdicts if len(verdicts) > 1 else verdicts[0],
                "reason": " ".join(reason.split())[:160],
            }
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def _still_met(
    results: Results, earlier: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return the entries that no outcome contradicts, without those whose cases are gone."""
    listed = read_expected(earlier)
    outcomes: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in results.outcomes:
        outcomes.setdefault((outcome.suite, listed.entry_of(outcome)[0]), []).append(
            outcome
        )
    ran = {*results.suites} if results.complete else set()
    found: dict[str, dict[str, Any]] = {}
    for suite, entries in earlier.items():
        for name, entry in entries.items():
            about = outcomes.get((suite, name), [])
            allowed = (*listed.cases[suite][name], OPEN)
            if all(o.verdict in allowed for o in about) and (about or suite not in ran):
                found.setdefault(suite, {})[name] = entry
    return found
