"""Differences above the tolerance that rounding explains.

A difference is excused if onnxruntime's own result changes as much when all values are rounded
differently, and if every call of the package agrees with onnxruntime for the same values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..emit.frame import has_tools
from ..errors import VerifyError
from .comparison import OutputResult, compare, scale_of
from .deadline import TimeUp
from .expectation import Expectation
from .oracle import OnnxRuntime, OracleError
from .per_node import NodeReport
from .rounding import MARGIN, Distance, Rounding, distance
from .steps import compare_steps
from .subject import Subject

ILL_CONDITIONED = 0.01
"""Change by rounding, relative to the output's scale, from which a note reports it."""


TINY = 1e-4
"""Where rounding cannot be measured, outputs whose elements are all smaller than this are not
compared if they are off by no more than what is within the tolerance of such a number."""


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
        if not moved and _are_tiny(each, failing, subject.options.rtol):
            _leave(found, failing)
            continue
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
    if not has_tools(subject.folder):
        return "the package lacks its folder tools/"
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


def _are_tiny(
    expected: Expectation, failing: Mapping[str, Distance], rtol: float
) -> bool:
    """Whether outputs are as small as what rounding may leave of large numbers."""
    return all(
        gap.absolute <= rtol * TINY
        and not gap.count
        and all(_scale(each[name]) < TINY for each in expected.outputs.values())
        for name, gap in failing.items()
    )


def _leave(found: Conditioning, failing: Mapping[str, Distance]) -> None:
    """Say that outputs are not compared: they may be nothing but rounding."""
    for name, gap in failing.items():
        found.limits[name] = None
        remark = (
            f"not compared: {gap.absolute:.1e} may be rounding, which only onnxruntime "
            "can measure"
        )
        _judge(found, name, remark, compared=False)


def _excuse(
    found: Conditioning,
    expected: Expectation,
    failing: Mapping[str, Distance],
    moved: Mapping[str, Distance],
    report: NodeReport | str,
) -> None:
    """Change the verdict on outputs that rounding explains."""
    blind = isinstance(report, str)
    for name in failing:
        move = moved[name]
        part = _part(move, expected.outputs[OnnxRuntime.name][name])
        numbers = move.absolute > 0 and not move.count
        ill = not numbers or part > ILL_CONDITIONED
        found.limits[name] = MARGIN * part if numbers and np.isfinite(part) else None
        words = _moved_words(move)
        share = f" ({part:.1e} of the scale)" if np.isfinite(part) else ""
        found.notes.append(
            f"{name}: {'ill-conditioned, ' if ill else ''}rounding alone moves "
            f"onnxruntime's own result {words}{share}; {_seen(report)}"
        )
        verdict = (
            "not compared: rounding" if ill and blind else "agrees within rounding"
        )
        which = "" if ill and blind else ", which"
        remark = f"{verdict}{which} moves onnxruntime {words}"
        _judge(found, name, remark, compared=not (ill and blind))


def _moved_words(move: Distance) -> str:
    """Say how far rounding moves a value."""
    if not np.isfinite(move.absolute):
        return "to another shape"
    if not move.count:
        return f"by {move.absolute:.1e}"
    far = f", by up to {move.absolute:.3g}" if move.absolute else ""
    return f"in {move.count:,} {'element' if move.count == 1 else 'elements'}{far}"


def _seen(report: NodeReport | str) -> str:
    """Say what the comparison of the calls says."""
    if isinstance(report, str):
        return f"its calls could not be compared: {report}"
    seen = f"each of {len(report.results):,} calls does what onnxruntime does"
    left = f"; not compared: {', '.join(report.skipped)}" if report.skipped else ""
    return seen + left


def _judge(found: Conditioning, name: str, remark: str, *, compared: bool) -> None:
    """Let an output agree, or not be compared."""
    found.results = tuple(
        (
            replace(
                r,
                difference=replace(r.difference, reason=""),
                compared=compared,
                remark=remark,
            )
            if r.name == name
            else r
        )
        for r in found.results
    )


def _scale(value: Any) -> float:
    """Return the largest finite number, as :func:`compare` does."""
    is_numeric = isinstance(value, np.ndarray) and value.dtype.kind not in "OU"
    return scale_of(value) if is_numeric else 1.0


def _part(move: Distance, value: Any) -> float:
    """Return how far a value moves as part of its scale, infinity of one that is 0."""
    scale = _scale(value)
    return move.absolute / scale if scale else np.inf
