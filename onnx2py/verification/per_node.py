"""Comparison of a package with its model value by value."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx  # noqa: TID251  (an oracle is not part of the compiler)

from ..emit.frame import NAMES
from ..errors import VerifyError
from ..ir.graph import Graph
from .bodies import opened
from .comparison import Difference, compare, is_floating
from .expectation import Expectation
from .isolation import Outcome, Traced
from .oracle import ORACLES, OnnxRuntime, OracleError, model_proto
from .recurrence import FirstSteps, is_of
from .rounding import Rounding, distance
from .subject import Subject


@dataclass(frozen=True)
class NodeResult:
    """The comparison of one value of the graph."""

    name: str
    """Its name in Python."""
    node: str
    """The ONNX nodes of the line that makes it."""
    line: int
    """In ``model.py``."""
    source: str
    difference: Difference
    ulp: float
    """The largest difference in units in the last place of what was expected."""

    @property
    def agrees(self) -> bool:
        """Whether the value agrees with the expected one."""
        return not self.difference.reason


@dataclass(frozen=True)
class NodeReport:
    """All values that both sides have, in the order of the package."""

    oracle: str
    results: tuple[NodeResult, ...]
    skipped: tuple[str, ...] = ()
    """What was not compared, in words."""

    @property
    def first(self) -> NodeResult | None:
        """The first value that differs."""
        return next((result for result in self.results if not result.agrees), None)


def compare_nodes(
    subject: Subject, expected: Expectation, outcome: Outcome
) -> NodeReport:
    """Compare what a package computed with an oracle's value of each name.

    Values in branches that were taken and in the first rounds of loops are among them.

    Raises
    ------
    VerifyError
        If the package has no names of values, or no oracle can be asked for them.
    """
    names = value_names(subject.folder)
    inside = opened(subject, outcome, names, expected.random)
    try:
        asked = declared_values(inside.subject, expected, outcome.values, inside.values)
        subject = inside.subject
    except VerifyError:
        if not inside.values:
            raise
        asked = declared_values(subject, expected, outcome.values)
    oracle, theirs, values = asked
    base = {name: theirs[name] for name in values if name not in expected.random}
    results = compared(subject, values, base)
    failing = [name for name, result in results.items() if not result.agrees]
    if failing and oracle == OnnxRuntime.name:
        given = {name: base[name] for name in failing}
        excuse(subject, subject.model, expected.case.feeds, values, given, results)
    # What runs outside of bodies is compared, unless the compiler made it and no oracle has it.
    outside = {value.name for value in outcome.values}
    scoped = {name for name in names if "." in name} - outside
    left = len(scoped - {result.name for result in results.values()})
    words = (
        f"{left:,} values in functions, later rounds and branches that were not taken"
    )
    return NodeReport(oracle, tuple(results.values()), (words,) if left else ())


def declared_values(
    subject: Subject,
    expected: Expectation,
    traced: Sequence[Traced],
    inside: Mapping[str, Traced] | None = None,
) -> tuple[str, dict[str, Any], dict[str, Traced]]:
    """Return an oracle, its values and the package's, both by ONNX name; these as ONNX types.

    Values that the compiler made are left out, and those in functions and bodies that are
    not ``inside`` values.
    """
    names = value_names(subject.folder)
    offsets = zero_points(subject.graph)
    within = inside or {}
    wanted = [names[value.name] for value in traced if value.name in names]
    wanted += [*within, *(offsets[name] for name in wanted if name in offsets)]
    feeds = expected.case.feeds
    oracle, theirs = _values_of(subject.model, subject.beside, wanted, feeds)
    known = {**subject.graph.constants, **theirs}
    values = {name: within[name] for name in theirs if name in within}
    for value in traced:
        name = names.get(value.name, "")
        if name in theirs:
            offset = known.get(offsets.get(name, ""))
            ours = as_declared(value.value, theirs[name], offset)
            values[name] = replace(value, value=ours)
    if within:
        order = {
            name: i
            for i, node in enumerate(subject.model.graph.node)
            for name in node.output
        }
        values = dict(sorted(values.items(), key=lambda item: order[item[0]]))
    return oracle, theirs, values


def compared(
    subject: Subject, values: Mapping[str, Traced], expected: Mapping[str, Any]
) -> dict[str, NodeResult]:
    """Compare values with expected ones, both by ONNX name."""
    source = (subject.folder / "model.py").read_text(encoding="utf-8").splitlines()
    return {
        name: NodeResult(
            values[name].name,
            values[name].node,
            values[name].line,
            source[values[name].line - 1].strip(),
            compare(values[name].value, each, subject.options.rtol),
            ulp_difference(values[name].value, each),
        )
        for name, each in expected.items()
    }


def excuse(
    subject: Subject,
    model: Any,
    feeds: Mapping[str, Any],
    values: Mapping[str, Traced],
    base: Mapping[str, Any],
    results: dict[str, NodeResult],
) -> None:
    """Mark values as agreeing whose differences from ``base`` rounding explains."""
    first_steps = FirstSteps(model_proto(model))
    theirs = first_steps(base)
    ours = first_steps({name: values[name].value for name in base})
    rtol = subject.options.rtol
    gaps = {
        part: distance(ours.get(part), value)
        for part, value in theirs.items()
        if compare(ours.get(part), value, rtol).reason
    }
    try:
        rounding = Rounding(
            model, subject.graph, subject.beside, list(base), first_steps
        )
        moved = rounding.moved(feeds, theirs, gaps)
    except OracleError:
        return
    for name in base:
        if all(gap.within(moved[p]) for p, gap in gaps.items() if is_of(p, name)):
            right = replace(results[name].difference, reason="")
            results[name] = replace(results[name], difference=right)


def zero_points(graph: Graph) -> dict[str, str]:
    """Return the zero point of each value that is quantized to integers."""
    found = {}
    for node in graph.nodes:
        if node.operator == "DynamicQuantizeLinear" and len(node.outputs) > 2:
            found[node.outputs[0]] = node.outputs[2]
        elif node.operator == "QuantizeLinear" and len(node.inputs) > 2:
            found[node.outputs[0]] = node.inputs[2]
    return {value: zero for value, zero in found.items() if zero}


def as_declared(actual: Any, expected: Any, zero_point: Any = None) -> Any:
    """Convert a value to its ONNX type, if that changes no number.

    Packages store quantized numbers as floats, which multiply faster, some of them minus the
    zero point. Half-precision numbers that they store in float32 are rounded.
    """
    arrays = isinstance(actual, np.ndarray) and isinstance(expected, np.ndarray)
    if not arrays or actual.dtype == expected.dtype or actual.shape != expected.shape:
        return actual
    if "O" in (actual.dtype.kind, expected.dtype.kind):
        return actual
    is_half = is_floating(expected.dtype) and expected.dtype.itemsize == 2
    if is_half and actual.dtype == np.float32:
        with np.errstate(over="ignore"):
            return actual.astype(expected.dtype)
    candidates = [actual]
    if isinstance(zero_point, np.ndarray) and zero_point.size == 1:
        candidates.append(actual + zero_point.astype(actual.dtype).reshape(()))
    best, wrong = actual, expected.size + 1
    for candidate in candidates:
        with np.errstate(all="ignore"):
            converted = candidate.astype(expected.dtype)
            exact = np.array_equal(converted.astype(candidate.dtype), candidate)
        count = int(np.count_nonzero(converted != expected))
        if exact and count < wrong:
            best, wrong = converted, count
    return best


def ulp_difference(actual: Any, expected: Any) -> float:
    """Return the largest difference in units in the last place, 0 for other than float arrays."""
    if not isinstance(actual, np.ndarray) or not isinstance(expected, np.ndarray):
        return 0.0
    if actual.shape != expected.shape or not is_floating(expected.dtype):
        return 0.0
    if expected.dtype.kind == "c" or not expected.size:
        return 0.0
    info = ml_dtypes.finfo(expected.dtype)
    wide = expected.astype(np.float64)
    given = actual.astype(np.float64)
    finite = np.isfinite(wide) & np.isfinite(given)
    gap = np.abs(given[finite] - wide[finite])
    _, exponent = np.frexp(np.maximum(np.abs(wide[finite]), float(info.tiny)))
    steps = gap / np.ldexp(float(info.eps), exponent - 1)
    return float(np.max(steps, initial=0.0))


def value_names(folder: Path) -> dict[str, str]:
    """Return the ONNX name of each value of a package, by its name in Python."""
    try:
        listed = json.loads((folder / NAMES).read_text("utf-8"))
        found: dict[str, str] = listed["values"]
    except (OSError, ValueError, LookupError, TypeError):
        raise VerifyError(
            f"{folder}: expected {NAMES}, with the names of its values; compile it again"
        ) from None
    return found


def _values_of(
    model: Any, beside: Path | None, names: Sequence[str], feeds: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Compute values of the graph with an oracle, by ONNX name."""
    proto = model_proto(model)
    made = {name for node in proto.graph.node for name in node.output}
    wanted = [name for name in dict.fromkeys(names) if name in made]
    known = {value.name for value in proto.graph.output}
    proto.graph.output.extend(
        onnx.ValueInfoProto(name=name) for name in wanted if name not in known
    )
    reasons = []
    for kind in ORACLES:
        try:
            values = kind(proto, wanted, beside).run(feeds)
            return kind.name, dict(zip(wanted, values))
        except OracleError as error:
            reasons.append(f"{kind.name}: {error}")
    raise VerifyError(
        f"verify: expected an oracle for every value, got none: {'; '.join(reasons)}"
    )
