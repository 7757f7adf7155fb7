"""Differences above the tolerance that rounding explains.

A difference is excused if onnxruntime's own result changes as much when all values are rounded
differently, and if every call of the package agrees with onnxruntime for the same values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..errors import VerifyError
from .comparison import SMALLEST_SCALE, OutputResult, compare
from .deadline import TimeUp
from .expectation import Expectation
from .oracle import OnnxRuntime, OracleError
from .per_node import NodeReport
from .rounding import MARGIN, Distance, Rounding, distance
from .steps import compare_steps
from .subject import Subject

ILL_CONDITIONED = 0.01
"""Change by rounding, relative to the output's scale, from which a note reports it."""


@dataclass
class Conditioning:
    """The analysis of outputs that differ."""

    results: tuple[OutputResult, ...]
    notes: list[str] = field(default_factory=list)
    limits: dict[str, float | None] = field(default_factory=dict)
    """How far excused outputs may be off, as part of their scale; None if they mean nothing."""


def weighed(
    subject: Subject,
    results: Sequence[OutputResult],
    expected: Sequence[Expectation],
    cases: Sequence[Sequence[Any]],
) -> Conditioning:
    """Excuse the outputs that differ by no more than rounding explains."""
    found = Conditioning(tuple(results))
    for each, actual in zip(expected, cases):
        failing = _failing(each, dict(zip(subject.outputs, actual)), subject)
        if not failing:
            continue
        moved = _moved(subject, each, failing)
        if not _explained(failing, moved):
            return Conditioning(tuple(results))
        report = _way(subject, each)
        if isinstance(report, NodeReport) and report.first is not None:
            return Conditioning(_accused(results, failing, report))
        _excuse(found, each, failing, moved, report)
    return found


def _failing(
    expected: Expectation, actual: Mapping[str, Any], subject: Subject
) -> dict[str, Distance]:
    """Return the distance of each output of a case that differs by more than the tolerance."""
    found: dict[str, Distance] = {}
    for outputs in expected.outputs.values():
        for name, value in outputs.items():
            if name in expected.drawn:
                continue
            if compare(actual[name], value, subject.options.rtol).reason:
                gap = distance(actual[name], value)
                found[name] = found.get(name, Distance()) | gap
    return found


def _moved(
    subject: Subject, expected: Expectation, failing: Mapping[str, Distance]
) -> dict[str, Distance]:
    """Return the changes of onnxruntime's outputs by rounding; nothing if it cannot be asked.

    It rounds otherwise, too, where it optimizes.
    """
    theirs = expected.outputs.get(OnnxRuntime.name, {})
    model, feeds, names = subject.model, expected.case.feeds, list(failing)
    try:
        base = {name: theirs[name] for name in names}
        rounding = Rounding(model, subject.graph, subject.beside, names)
        moved = rounding.moved(feeds, base, failing)
        if not _explained(failing, moved):
            other = OnnxRuntime(model, names, subject.beside, optimized=True)
            for name, value in zip(names, other.run(feeds)):
                moved[name] |= distance(value, base[name])
    except (OracleError, KeyError):
        return {}
    return moved


def _explained(failing: Mapping[str, Distance], moved: Mapping[str, Distance]) -> bool:
    return all(
        name in moved and gap.within(moved[name]) for name, gap in failing.items()
    )


def _way(subject: Subject, expected: Expectation) -> NodeReport | str:
    """Compare all calls for a case, or return the reason why that is impossible."""
    try:
        outcome = subject.run([expected.case.feeds], trace=True)
        if outcome.error:  # of its values on a disk that is full, say
            return outcome.error
        return compare_steps(subject, expected, outcome)
    except TimeUp:
        raise
    except VerifyError as error:
        return str(error)


def _accused(
    results: Sequence[OutputResult], failing: Mapping[str, Distance], report: NodeReport
) -> tuple[OutputResult, ...]:
    """Name the first value that rounding does not explain."""
    first = report.first
    assert first is not None
    words = (
        f"; not by rounding: {first.name}, of {first.node}, is the first that differs"
    )
    return tuple(
        (
            replace(
                r, difference=replace(r.difference, reason=r.difference.reason + words)
            )
            if r.name in failing
            else r
        )
        for r in results
    )


def _excuse(
    found: Conditioning,
    expected: Expectation,
    failing: Mapping[str, Distance],
    moved: Mapping[str, Distance],
    report: NodeReport | str,
) -> None:
    """Mark outputs as agreeing whose differences rounding explains."""
    seen = (
        f"its calls could not be compared: {report}"
        if isinstance(report, str)
        else f"each of {len(report.results):,} calls does what onnxruntime does"
    )
    for name in failing:
        move = moved[name]
        scale = _scale(expected.outputs[OnnxRuntime.name][name])
        part = move.absolute / scale
        numbers = move.absolute > 0 and not move.count
        found.limits[name] = MARGIN * part if numbers and np.isfinite(part) else None
        words = f"by {move.absolute:.1e}" if numbers else f"in {move.count:,} elements"
        words = "to another shape" if not np.isfinite(part) else words
        ill = "ill-conditioned, " if not numbers or part > ILL_CONDITIONED else ""
        found.notes.append(
            f"{name}: {ill}rounding alone moves onnxruntime's own result {words} "
            f"({part:.1e} of the scale); {seen}"
        )
        found.results = tuple(
            (
                replace(
                    r,
                    difference=replace(r.difference, reason=""),
                    remark=f"agrees within rounding, which moves onnxruntime {words}",
                )
                if r.name == name
                else r
            )
            for r in found.results
        )


def _scale(value: Any) -> float:
    """Return the largest finite number, as :func:`compare` does."""
    if not isinstance(value, np.ndarray) or value.dtype.kind in "OU":
        return 1.0
    wide = np.abs(value.astype(np.complex128))
    return float(np.max(wide[np.isfinite(wide)], initial=SMALLEST_SCALE))
