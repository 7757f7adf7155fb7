"""Many cases: which agree, which onnxruntime refuses, which differ."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import onnx

from .case import Case
from .compare import (
    RefusedError,
    expected_outputs,
    our_outputs,
    outputs_difference,
)
from .deviations import known_deviation
from .registry import draw_case, generators, versions

Key = tuple[str, str]


@dataclass(frozen=True)
class Outcome:
    """What became of one case."""

    key: Key
    number: int
    since: int
    """The version of the operator's definition."""
    kind: str
    """``agrees``, ``refused`` (by onnxruntime), ``deviates`` (known), ``differs``, ``none``."""
    text: str = ""


def run_case(key: Key, number: int, level: int = 1) -> Outcome:
    """Draw a case and compare both sides."""
    known = versions(*key)
    since = known[number % len(known)]
    case = draw_case(*key, number)
    if case is None:
        return Outcome(key, number, since, "none")
    deviation = known_deviation(case)
    try:
        theirs = expected_outputs(case)
    except RefusedError as error:
        return Outcome(key, number, since, "refused", f"{case.describe()}: {error}")
    try:
        ours = our_outputs(case, level)
        found = None if deviation else outputs_difference(case, ours, theirs)
    except Exception as error:
        if deviation and deviation.may_fail:
            return Outcome(key, number, since, "deviates", deviation.reason)
        found = f"{type(error).__name__}: {error} {_place(error)}"
    if found:
        return Outcome(key, number, since, "differs", f"{case.describe()}: {found}")
    kind = "deviates" if deviation else "agrees"
    return Outcome(key, number, since, kind, deviation.reason if deviation else "")


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-2:]
    return " < ".join(
        f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno}" for f in reversed(frames)
    )


def run_cases(
    keys: Iterable[Key], cases: int, *, start: int = 0, level: int = 1, jobs: int = 1
) -> Iterator[Outcome]:
    """Yield the outcomes of ``cases`` cases of each operator."""
    chunks = [(key, start, cases, level) for key in keys]
    if jobs == 1:
        for chunk in chunks:
            yield from _run_chunk(chunk)
        return
    # onnxruntime keeps threads: children are spawned, not forked.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for outcomes in pool.map(_run_chunk, chunks):
            yield from outcomes


def _run_chunk(chunk: tuple[Key, int, int, int]) -> list[Outcome]:
    key, start, cases, level = chunk
    return [run_case(key, start + i, level) for i in range(cases)]


def chosen_keys(only: Iterable[str]) -> list[Key]:
    """Return the operators of those names (``Relu``, ``com.microsoft.Gelu``), or all."""
    names = set(only)
    keys = list(generators())
    if not names:
        return keys
    found = [k for k in keys if k[1] in names or ".".join(filter(None, k)) in names]
    unknown = names - {k[1] for k in found} - {".".join(filter(None, k)) for k in found}
    if unknown:
        raise SystemExit(f"no generator for {', '.join(sorted(unknown))}")
    return found


def summary(outcomes: Iterable[Outcome]) -> dict[Key, Counter[str]]:
    """Count the kinds of outcome by operator."""
    found: dict[Key, Counter[str]] = {}
    for outcome in outcomes:
        found.setdefault(outcome.key, Counter())[outcome.kind] += 1
    return found


def never_compared(outcomes: Iterable[Outcome]) -> list[tuple[str, str]]:
    """Return each version of ONNX's operators of which no case agreed, and why."""
    found: dict[tuple[str, str, int], Outcome] = {}
    agreed = set()
    for outcome in outcomes:
        version = (*outcome.key, outcome.since)
        if outcome.kind in ("agrees", "deviates"):
            agreed.add(version)
        else:
            found.setdefault(version, outcome)
    missing = []
    for schema in onnx.defs.get_all_schemas_with_history():
        version = (schema.domain, schema.name, schema.since_version)
        if version not in agreed:
            label = f"{'.'.join(filter(None, version[:2]))}-{version[2]}"
            why = found.get(version)
            reason = f"{why.kind}: {why.text}" if why else "no case"
            missing.append((label, reason))
    return sorted(missing)


def redraw(name: str) -> Case:
    """Return the case that a report names, as ``Relu#17`` or ``com.microsoft.Gelu#3``."""
    label, _, number = name.rpartition("#")
    domain, _, operator = label.rpartition(".")
    case = draw_case(domain, operator, int(number))
    assert case is not None
    return case
