"""Suites on engines: ``run`` for results, ``test_cases`` for pytest."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import OptionError
from .engines import Described, Engine, engine, engine_name, engine_versions
from .judge import OPEN, PASSED, REFUSED, Outcome, judge
from .pool import Limits, Task, run_cases
from .results import Results, read_expected
from .suites import Selection, find_suite

Told = Callable[[Outcome, int], None]
"""Called with each outcome, and how many cases there are."""


def run(
    what: Described | Sequence[Described],
    suites: Sequence[str] = ("official",),
    *,
    only: Iterable[str] = (),
    each: int = 20,
    start: int = 0,
    jobs: int | None = None,
    time_limit: float = 60.0,
    memory_limit: int = 4 << 30,
    expected: str | Path | Mapping[str, Any] | None = None,
    known: Results | None = None,
    progress: Told | None = None,
) -> Results:
    """Run suites on an engine, or on several, each case in a process with limits.

    Parameters
    ----------
    what : see :func:`engine`; an object must be one that can be sent to other processes
    suites : ``"official"``, ``"fuzz"``, ``"graphs"``, ``"gradients"``, ``"corpus=FOLDER"``, or
        those of other distributions
    only : operators, or names of cases
    each, start : how many cases of each operator or pattern, and the number of the first
    jobs : processes (default: as many as there are processors)
    time_limit : seconds for a case
    memory_limit : bytes that a case may take in addition to what the engine takes by itself
    expected : a file of the cases that do not pass, or what it holds
    known : results whose cases are not run again
    progress : called with each outcome and the number of all cases

    Raises
    ------
    OptionError
        If there is no such engine, suite or case.
    """
    listed = what if isinstance(what, (list, tuple)) else [what]
    made = {
        engine_name(one): one if isinstance(one, str) else engine(one) for one in listed
    }
    expectations = None if expected is None else read_expected(expected)
    selection = Selection(tuple(only), each, start)
    tasks = tasks_of(suites, selection)
    found = Results(
        versions={name: dict(engine_versions(engine(e))) for name, e in made.items()},
        date=time.strftime("%Y-%m-%d %H:%M:%S"),
        expected=expectations,
        complete=not selection.only,
    )
    have = _known(known)
    limits = Limits(time_limit, memory_limit)
    total = len(tasks) * len(made)
    for name, sent in made.items():
        left = []
        for suite, case in tasks:
            key = (name, suite.partition("=")[0], case)
            if key in have:
                found.outcomes.append(have[key])
            else:
                left.append((suite, case))
        count = jobs or os.cpu_count() or 1
        try:
            for outcome in run_cases(sent, left, jobs=count, limits=limits):
                found.outcomes.append(outcome)
                if progress:
                    progress(outcome, total)
        except KeyboardInterrupt:
            found.complete = False
            found.interrupted = True
            break
    _sort(found, tasks)
    return found


def tasks_of(suites: Sequence[str], selection: Selection) -> list[Task]:
    """Return the cases of suites, in order; a name need not be known to all of them.

    Raises
    ------
    OptionError
        If there is no such suite, or a name that none of them knows.
    """
    found = {spec: find_suite(spec) for spec in suites}
    if not selection.only:
        return [(spec, name) for spec in found for name in found[spec].names(selection)]
    errors: dict[str, list[OptionError]] = {name: [] for name in selection.only}
    tasks: dict[Task, None] = {}
    for spec, suite in found.items():
        for name in selection.only:
            try:
                chosen = list(suite.names(replace(selection, only=(name,))))
            except OptionError as error:
                errors[name].append(error)
            else:
                tasks.update(dict.fromkeys((spec, case) for case in chosen))
    for raised in errors.values():
        if len(raised) == len(found):
            raise raised[0]
    return list(tasks)


def _known(known: Results | None) -> dict[tuple[str, str, str], Outcome]:
    outcomes = known.outcomes if known else []
    return {(o.engine, o.suite, o.case): o for o in outcomes}


def _sort(results: Results, tasks: Sequence[Task]) -> None:
    """Put outcomes in the order of engines and cases, whichever was done first."""
    engines = {name: i for i, name in enumerate(results.engines)}
    cases = {(s.partition("=")[0], name): i for i, (s, name) in enumerate(tasks)}
    results.outcomes.sort(key=lambda o: (engines[o.engine], cases[o.key]))


# -------------------------------------------------------------------- pytest


def test_cases(
    what: Described,
    suites: Sequence[str] = ("official",),
    *,
    only: Iterable[str] = (),
    each: int = 20,
    start: int = 0,
    expected: str | Path | Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return test functions by name, for the namespace of a test module.

    >>> globals().update(testing.test_cases("my_backend"))

    A case that is refused, or of which nothing says what is right, is skipped with the reason,
    unless ``expected`` lists it. The engine runs in the process of pytest.

    Parameters
    ----------
    what, suites, only, each, start, expected : see :func:`run`

    Raises
    ------
    OptionError
        If there is no such engine, suite or case.
    """
    made = engine(what)
    expectations = read_expected(expected or {})
    found = {}
    for spec, case in tasks_of(suites, Selection(tuple(only), each, start)):
        suite, name = find_suite(spec), spec.partition("=")[0]
        found[_function_name(name, case)] = _test(made, suite, name, case, expectations)
    return found


test_cases.__test__ = False  # type: ignore[attr-defined]  # pytest collects what is called so


def _function_name(suite: str, case: str) -> str:
    """Return the name of a test: cases of the official suite have their own."""
    if suite == "official":
        return case
    plain = "".join(c if c.isalnum() else "_" for c in case)
    return f"test_{suite}_{plain}"


def _test(made: Engine, suite: Any, name: str, case: str, expected: Any) -> Any:
    def test() -> None:
        import pytest

        verdict, reason = judge(made, suite.case(case))
        outcome = Outcome(engine_name(made), name, case, verdict, reason)
        surprises = expected.surprises([outcome])
        if verdict == OPEN:
            pytest.skip(reason)
        if verdict == REFUSED and not expected.lists(outcome):
            pytest.skip(reason)
        if surprises:
            pytest.fail("\n".join(surprises), pytrace=False)
        if verdict != PASSED:
            pytest.xfail(reason)

    test.__name__ = _function_name(name, case)
    test.__doc__ = f"{name} {case}"
    return test
