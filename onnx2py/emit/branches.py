"""Branches so short that they stand in the ``if`` itself, not in methods."""

from __future__ import annotations

from collections.abc import Sequence

from ..ir.program import Body, Branch, Call, Operation, bodies_of

MOST = 2
"""Statements of a branch."""


def stands_inside(operation: Operation) -> bool:
    """Whether an operation is an ``If`` whose bodies both are a few calls."""
    return isinstance(operation, Branch) and all(
        len(body.statements) <= MOST
        and all(isinstance(s.operation, Call) for s in body.statements)
        for body in bodies_of(operation)
    )


def results_inside(body: Body, outputs: Sequence[str]) -> dict[str, str]:
    """Return which values of a branch are results of the ``If``, and so have their names."""
    made = {name for statement in body.statements for name in statement.outputs}
    pairs: dict[str, str] = {}
    for inner, outer in zip(body.outputs, outputs):
        if outer and inner in made:
            pairs.setdefault(inner, outer)
    return pairs
