"""Comparison step by step: each call is compared with onnxruntime for the package's own values.

If outputs of a model are sensitive to rounding, so are intermediate values. Here every value of
the package is an input of the model, so that a difference is due to a single call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import onnx  # noqa: TID251  (an oracle is not part of the compiler)

from ..errors import VerifyError
from ..ir.types import TensorType
from ..passes.constants import collect_constants
from .bodies import opened
from .comparison import describe
from .expectation import Expectation
from .isolation import Outcome, Traced
from .noise import COMPUTED
from .oracle import OnnxRuntime, OracleError, model_proto
from .parts import Parts, groups
from .per_node import (
    NodeReport,
    NodeResult,
    compared,
    declared_values,
    excuse,
    value_names,
)
from .randomness import draws
from .subject import Subject


def compare_steps(
    subject: Subject, expected: Expectation, outcome: Outcome
) -> NodeReport:
    """Compare every call of a traced run, and the outputs of the package.

    Raises
    ------
    VerifyError
        If onnxruntime does not accept the model in steps.
    """
    values = _declared(subject, expected, outcome.values)
    drawn = _drawn(subject, expected)
    last = dict(zip(subject.outputs, outcome.cases[0]))
    returned = _returned(
        subject, values, {k: v for k, v in last.items() if k not in drawn}
    )
    values.update(_unseen(subject, values, last))
    inside = opened(subject, outcome, value_names(subject.folder), expected.random)
    subject = inside.subject
    values.update(inside.values)
    arrays = {k: v.value for k, v in values.items() if isinstance(v.value, np.ndarray)}
    parts = Parts(model_proto(subject.model), arrays)
    targets = [name for name in parts.made if name not in drawn]
    given = {**expected.case.feeds, **{name: arrays[name] for name in parts.made}}
    results: dict[str, NodeResult] = {}
    for group in groups(targets, arrays):
        try:
            results.update(_compared(subject, parts, group, given, values))
        except OracleError as error:
            raise VerifyError(f"verify: step by step: {error}") from None
    left = tuple(f"rounds of {label} after the first two" for label in inside.loops)
    return NodeReport(OnnxRuntime.name, (*results.values(), *returned), left)


def _returned(
    subject: Subject, values: Mapping[str, Traced], returned: Mapping[str, Any]
) -> list[NodeResult]:
    """Return those of the outputs that are not what their call has made."""
    kept = {
        name: replace(values[name], value=value)
        for name, value in returned.items()
        if name in values and describe(values[name].value) == describe(value)
    }
    made = {name: values[name].value for name in kept}
    return [
        replace(result, name=f"{result.name} as it is returned")
        for result in compared(subject, kept, made).values()
        if not result.agrees
    ]


def _unseen(
    subject: Subject, values: Mapping[str, Traced], returned: Mapping[str, Any]
) -> dict[str, Traced]:
    """Return the outputs that no call is known to make, or that are returned as another type."""
    lines = (subject.folder / "model.py").read_text(encoding="utf-8").splitlines()
    end = max(i for i, line in enumerate(lines, 1) if "return " in line)
    found = {}
    for name, value in returned.items():
        made = values.get(name, Traced(name, "return", end, None))
        if describe(made.value) != describe(value):
            found[name] = replace(made, value=value)
    return found


def _compared(
    subject: Subject,
    parts: Parts,
    names: Sequence[str],
    given: Mapping[str, Any],
    values: Mapping[str, Traced],
) -> dict[str, NodeResult]:
    """Compare some values with what onnxruntime makes of those that they are computed from."""
    part = parts.part(names)
    outputs = [name + COMPUTED for name in names]
    computed = OnnxRuntime(part, outputs, subject.beside).run(_feeds(part, given))
    base = dict(zip(names, computed))
    results = compared(subject, values, base)
    failing = [name for name, result in results.items() if not result.agrees]
    if failing:
        renamed = {name + COMPUTED: values[name] for name in failing}
        judged = {name + COMPUTED: results[name] for name in failing}
        theirs = {name + COMPUTED: base[name] for name in failing}
        part = parts.part(failing)
        excuse(subject, part, _feeds(part, given), renamed, theirs, judged)
        results.update({name: judged[name + COMPUTED] for name in failing})
    return results


def _feeds(part: onnx.ModelProto, given: Mapping[str, Any]) -> dict[str, Any]:
    return {v.name: given[v.name] for v in part.graph.input if v.name in given}


def _declared(
    subject: Subject, expected: Expectation, traced: Sequence[Traced]
) -> dict[str, Traced]:
    """Return the values of a package by their ONNX names, as the types that ONNX says.

    onnxruntime is asked for those alone that are of another type, or of an unknown one.
    """
    names = value_names(subject.folder)
    types = subject.graph.types
    named = [value for value in traced if value.name in names]
    same = {
        names[value.name]: value
        for value in named
        if _is_declared(value.value, types.get(names[value.name]))
    }
    others = [value for value in named if names[value.name] not in same]
    if others:
        same.update(declared_values(subject, expected, others)[2])
    order = {names[value.name]: i for i, value in enumerate(named)}
    return dict(sorted(same.items(), key=lambda item: order[item[0]]))


def _is_declared(value: Any, kind: Any) -> bool:
    if not isinstance(value, np.ndarray) or not isinstance(kind, TensorType):
        return False
    return str(value.dtype.name) == kind.dtype


def _drawn(subject: Subject, expected: Expectation) -> set[str]:
    """Return the values that are drawn, or computed by nodes whose bodies draw."""
    graph = collect_constants(subject.graph)
    return {
        name
        for node in graph.nodes
        if draws(node, graph.constants) or node.subgraphs
        for name in node.outputs
        if name in expected.random
    }
