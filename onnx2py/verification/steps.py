"""Step by step: does each call compute what onnxruntime does from the package's own values?

Where rounding moves the outputs of a model far, the values on the way say little, too. Here every
value of the package is an input of the model, so that a difference is that of one call alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import onnx  # noqa: TID251  (an oracle is not part of the compiler)
from onnx import helper  # noqa: TID251

from ..errors import VerifyError
from ..passes.constants import collect_constants
from .expectation import Expectation
from .isolation import Outcome, Traced
from .oracle import OnnxRuntime, OracleError, model_proto
from .per_node import NodeReport, compared, declared_values, excuse
from .randomness import draws
from .subject import Subject

COMPUTED = ";computed"


def compare_steps(
    subject: Subject, expected: Expectation, outcome: Outcome
) -> NodeReport:
    """Compare every call of a traced run, and what the package returned.

    Raises
    ------
    VerifyError
        If onnxruntime does not take the model in steps.
    """
    _, _, values = declared_values(subject, expected, outcome.values)
    for name, value in zip(subject.outputs, outcome.cases[0]):
        if name in values:
            values[name] = replace(values[name], value=value)
    arrays = {k: v for k, v in values.items() if isinstance(v.value, np.ndarray)}
    proto = model_proto(subject.model)
    made = _cut(proto, {name: value.value for name, value in arrays.items()})
    drawn = _drawn(subject, expected)
    wanted = [name for name in made if name not in drawn]
    feeds = {**expected.case.feeds, **{name: arrays[name].value for name in made}}
    outputs = [name + COMPUTED for name in wanted]
    try:
        computed = OnnxRuntime(proto, outputs, subject.beside).run(feeds)
    except OracleError as error:
        raise VerifyError(f"verify: step by step: {error}") from None
    return _report(subject, proto, feeds, arrays, dict(zip(wanted, computed)))


def _report(
    subject: Subject,
    proto: onnx.ModelProto,
    feeds: Mapping[str, Any],
    values: Mapping[str, Traced],
    computed: Mapping[str, Any],
) -> NodeReport:
    results = compared(subject, values, computed)
    failing = [name for name, result in results.items() if not result.agrees]
    if failing:
        renamed = {name + COMPUTED: values[name] for name in failing}
        judged = {name + COMPUTED: results[name] for name in failing}
        base = {name + COMPUTED: computed[name] for name in failing}
        excuse(subject, proto, feeds, renamed, base, judged)
        results.update({name: judged[name + COMPUTED] for name in failing})
    return NodeReport(OnnxRuntime.name, tuple(results.values()))


def _cut(proto: onnx.ModelProto, values: Mapping[str, np.ndarray]) -> list[str]:
    """Make values inputs, and what nodes make of them outputs; return their names."""
    made = []
    for node in proto.graph.node:
        for i, name in enumerate(node.output):
            if name in values:
                node.output[i] = name + COMPUTED
                made.append(name)
    del proto.graph.output[:]
    for name in made:
        array = values[name]
        text = array.dtype.kind in "OU"
        element = (
            onnx.TensorProto.STRING
            if text
            else helper.np_dtype_to_tensor_dtype(array.dtype)
        )
        shape = [None] * array.ndim
        proto.graph.input.append(helper.make_tensor_value_info(name, element, shape))
        proto.graph.output.append(onnx.ValueInfoProto(name=name + COMPUTED))
    stale = [v for v in proto.graph.value_info if v.name not in values]
    del proto.graph.value_info[:]
    proto.graph.value_info.extend(stale)
    return made


def _drawn(subject: Subject, expected: Expectation) -> set[str]:
    """Return the values that are drawn, or made by nodes with bodies that draw."""
    graph = collect_constants(subject.graph)
    return {
        name
        for node in graph.nodes
        if draws(node, graph.constants) or node.subgraphs
        for name in node.outputs
        if name in expected.random
    }
