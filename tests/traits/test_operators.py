"""The table of operators has a row for each, and the rows are true."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import onnx
import pytest
from onnx.backend.test.case.node import collect_testcases

from onnx2py.lowering.registry import rules
from onnx2py.traits.operator import BROADCAST, ELEMENTWISE, NEVER
from onnx2py.traits.operators import OPERATORS, UNKNOWN, operator_traits

Case = tuple[onnx.NodeProto, list[np.ndarray], list[np.ndarray]]


def test_every_operator_with_a_rule_has_a_row():
    missing = sorted(set(rules()) - set(OPERATORS))
    assert not missing, f"add to onnx2py/traits/: {missing}"


def test_every_row_is_of_an_operator_with_a_rule():
    assert not sorted(set(OPERATORS) - set(rules()))


def test_rows_are_in_alphabetical_order():
    for domain in {domain for domain, _ in OPERATORS}:
        names = [name for each, name in OPERATORS if each == domain]
        assert names == sorted(names)


def test_of_an_operator_without_a_row_the_worst_is_expected():
    assert operator_traits("mine", "Relu") is UNKNOWN
    assert UNKNOWN.grows and UNKNOWN.unbounded and not UNKNOWN.repeatable
    assert not UNKNOWN.keeps_shape and not UNKNOWN.moves


def schemas() -> Iterator[tuple[onnx.defs.OpSchema, Any]]:
    for schema in onnx.defs.get_all_schemas():
        if (schema.domain, schema.name) in OPERATORS:
            yield schema, OPERATORS[schema.domain, schema.name]


def test_what_is_random_is_not_deterministic_in_onnx():
    kind = onnx.defs.OpSchema.NodeDeterminism.NonDeterministic
    for schema, row in schemas():
        if (
            row.bodies or schema.name == "AffineGrid"
        ):  # with an If inside, in ONNX's function
            continue
        assert row.random == (schema.node_determinism == kind), schema.name


def test_what_has_bodies_takes_graphs_in_onnx():
    for schema, row in schemas():
        types = [attribute.type for attribute in schema.attributes.values()]
        takes_graphs = onnx.defs.OpSchema.AttrType.GRAPH in types
        inlined = schema.name == "FlexAttention"  # ONNX's function is used
        assert row.bodies == (takes_graphs and not inlined), schema.name


@cache
def cases() -> tuple[Case, ...]:
    """Return the nodes of ONNX's test suite, with inputs and outputs that are tensors."""
    found: list[Case] = []
    with np.errstate(all="ignore"):
        suite = collect_testcases()
    for case in suite:
        graph = case.model.graph
        if len(graph.node) != 1 or not case.data_sets:
            continue
        (node,) = graph.node
        for inputs, outputs in case.data_sets:
            given = dict(zip((value.name for value in graph.input), inputs))
            arrays = [given.get(name) for name in node.input if name]
            if all(isinstance(a, np.ndarray) for a in (*arrays, outputs[0])):
                found.append((node, arrays, outputs))
    return tuple(found)


def cases_of(**facts: Any) -> list[Case]:
    """Return the cases of operators whose rows have these facts."""
    chosen = []
    for case in cases():
        row = operator_traits(case[0].domain, case[0].op_type)
        if all(getattr(row, name) == value for name, value in facts.items()):
            chosen.append(case)
    return chosen


def test_the_first_input_and_the_first_result_have_one_shape():
    chosen = cases_of(keeps_shape=True)
    assert len(chosen) > 200
    for node, inputs, outputs in chosen:
        assert outputs[0].shape == inputs[0].shape, node


def test_results_have_the_shape_that_inputs_broadcast_to():
    chosen = cases_of(shape=BROADCAST)
    assert len(chosen) > 100
    for node, inputs, outputs in chosen:
        shapes = [array.shape for array in inputs]
        assert outputs[0].shape == np.broadcast_shapes(*shapes), node


def test_elements_that_are_moved_are_those_of_the_input():
    chosen = cases_of(moves=True)
    assert len(chosen) > 100
    for node, inputs, outputs in chosen:
        sources = inputs if node.op_type == "Concat" else inputs[:1]
        elements = {item for array in sources for item in array.ravel().tolist()}
        for output in outputs:
            assert elements.issuperset(output.ravel().tolist()), node


@pytest.mark.parametrize("operator", sorted(
    name for (domain, name), row in OPERATORS.items() if row.shape == ELEMENTWISE and not domain
))  # fmt: skip
def test_an_element_depends_on_one_element(operator):
    for node, inputs, outputs in cases():
        if node.op_type == operator and inputs[0].size > 1:
            first, *_ = rows = inputs[0].reshape(-1).tolist()
            made = outputs[0].reshape(-1).tolist()
            same = [y for x, y in zip(rows, made) if x == first]
            assert all(y == same[0] or y != y for y in same), node


def test_what_rounds_nothing_has_elements_of_its_inputs_or_whole_numbers():
    chosen = cases_of(rounds=NEVER)
    assert len(chosen) > 100
    for node, inputs, outputs in chosen:
        numbers = [np.abs(a.ravel()) for a in inputs if a.dtype.kind in "fiu"]
        elements = {item for array in numbers for item in array.tolist()}
        bounds = {float(np.finfo(np.float32).max), np.inf}  # of nothing
        for output in outputs:
            if output.dtype.kind == "f":
                made = set(np.abs(output.ravel()).tolist()) - elements - bounds
                assert all(x != x or x == int(x) for x in made), node
