"""Suites on engines: ``run`` for results, ``test_cases`` for pytest."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, count
from pathlib import Path
from typing import Any

from ..errors import Onnx2pyError, OptionError
from .engines import Described, Engine, engine, engine_name, engine_versions
from .judge import OPEN, PASSED, REFUSED, Outcome, judge
from .pool import Limits, Task, run_cases
from .results import Results, read_expected
from .suites import Selection, Suite, find_suite

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
    names = [engine_name(one) for one in listed]
    if len({*names}) < len(names):
        raise OptionError(f"engines: expected different names, got {', '.join(names)}")
    made = {
        name: one if isinstance(one, str) else engine(one)
        for name, one in zip(names, listed)
    }
    expectations = None if expected is None else read_expected(expected)
    selection = Selection(tuple(only), each, start)
    tasks = tasks_of(suites, selection)
    found = Results(
        versions={name: dict(engine_versions(engine(e))) for name, e in made.items()},
        date=time.strftime("%Y-%m-%d %H:%M:%S"),
        expected=expectations,
        complete=not selection.only,
        suite_specs={spec.partition("=")[0]: spec for spec in suites},
    )
    have = _known(known)
    limits = Limits(time_limit, memory_limit)
    processes = max(1, jobs or os.cpu_count() or 1)
    total = len(tasks) * len(made)
    for name, sent in made.items():
        left = []
        for suite, case in tasks:
            key = (name, suite.partition("=")[0], case)
            if key in have:
                found.outcomes.append(have[key])
            else:
                left.append((suite, case))
        try:
            for outcome in run_cases(sent, left, jobs=processes, limits=limits):
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
        If there is no such suite, a name that none of them knows, or no case at all.
    """
    if selection.each < 1 or selection.start < 0:
        raise OptionError(
            "cases: expected a count of 1 or more from number 0 or later, got "
            f"{selection.each} from {selection.start}"
        )
    found = {spec: find_suite(spec) for spec in suites}
    if len({spec.partition("=")[0] for spec in found}) < len(found):
        raise OptionError(f"suites: expected each once, got {', '.join(suites)}")
    tasks = _named(found, selection) if selection.only else _all(found, selection)
    if not tasks:
        raise OptionError(f"suites: expected cases, got none of {', '.join(suites)}")
    return tasks


def _all(found: Mapping[str, Suite], selection: Selection) -> list[Task]:
    tasks = [(s, n) for s, suite in found.items() for n in _names(s, suite, selection)]
    return list(dict.fromkeys(tasks))


def _named(found: Mapping[str, Suite], selection: Selection) -> list[Task]:
    errors: dict[str, list[OptionError]] = {name: [] for name in selection.only}
    tasks: dict[Task, None] = {}
    for spec, suite in found.items():
        for name in selection.only:
            try:
                chosen = _names(spec, suite, replace(selection, only=(name,)))
            except OptionError as error:
                errors[name].append(error)
            else:
                tasks.update(dict.fromkeys((spec, case) for case in chosen))
    for raised in errors.values():
        if len(raised) == len(found):
            raise raised[0]
    return list(tasks)


def _names(spec: str, suite: Suite, selection: Selection) -> list[str]:
    try:
        return list(suite.names(selection))
    except Onnx2pyError:
        raise
    except Exception as error:  # a suite of another distribution may raise anything
        raise OptionError(
            f"suite {spec}: names() raised {type(error).__name__}: {error}"
        ) from error


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
    tasks = tasks_of(suites, Selection(tuple(only), each, start))
    of_spec = {spec: find_suite(spec) for spec in suites}
    for spec, case in tasks:
        name = spec.partition("=")[0]
        function = _function_name(name, case)
        numbers = (f"{function}_{number}" for number in count(2))
        unique = next(n for n in chain([function], numbers) if n not in found)
        found[unique] = _test(made, of_spec[spec], name, case, expectations)
        found[unique].__name__ = unique
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

    test.__doc__ = f"{name} {case}"
    return test
