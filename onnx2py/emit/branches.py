"""Branches so short that they stand in the ``if`` itself, not in methods, or on one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..ir.blocks import Chosen
from ..ir.program import Body, Branch, Call, Operation, Statement, bodies_of
from ..ir.types import ValueType

EACH, MOST = 2, 6
"""Statements of a branch for each of its results, and for all of them."""


def stands_inside(operation: Operation) -> bool:
    """Whether an operation is an ``If`` whose bodies both are a few calls."""
    return isinstance(operation, Branch) and all(
        len(body.statements) <= min(EACH * len(body.outputs), MOST)
        and all(isinstance(s.operation, Call) for s in body.statements)
        for body in bodies_of(operation)
    )


def is_choice_of_values(branch: Branch, outputs: Sequence[str]) -> bool:
    """Whether an ``If`` gives one value, which each body computes by at most one call."""
    is_one = len(outputs) == 1 and outputs[0] != ""
    return is_one and all(map(_gives_one, bodies_of(branch)))


def _gives_one(body: Body) -> bool:
    """Whether a body is one call of one value, or none."""
    if len(body.statements) != 1:
        return not body.statements and len(body.outputs) == 1
    (statement,) = body.statements
    call = statement.operation
    is_value = isinstance(call, Call) and call.results is None
    is_optional = isinstance(call, Call) and isinstance(call.function, Chosen)
    alone = is_value and not is_optional and not statement.frees
    return alone and statement.outputs == body.outputs


def with_inner_nodes(statement: Statement) -> Statement:
    """Return a statement that has the nodes of its bodies too."""
    bodies = bodies_of(statement.operation)
    inner = (n for body in bodies for s in body.statements for n in s.nodes)
    return replace(statement, nodes=(*statement.nodes, *inner))


def types_given(
    statement: Statement, types: Mapping[str, ValueType]
) -> dict[str, ValueType]:
    """Return the types of the results of an ``If`` whose bodies give values of the same type."""
    columns = zip(*(body.outputs for body in bodies_of(statement.operation)))
    kinds = [{types.get(name) for name in column} for column in columns]
    pairs = zip(statement.outputs, kinds)
    return {name: kind for name, (kind, *more) in pairs if kind and not more}


def results_inside(body: Body, outputs: Sequence[str]) -> dict[str, str]:
    """Return which values of a branch are results of the ``If``, and so have their names."""
    made = {name for statement in body.statements for name in statement.outputs}
    pairs: dict[str, str] = {}
    for inner, outer in zip(body.outputs, outputs):
        if outer and inner in made:
            pairs.setdefault(inner, outer)
    return pairs
