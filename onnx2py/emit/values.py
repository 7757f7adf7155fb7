"""Python names for all values of a program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..ir.program import Program, Statement, bodies_of
from .names import Wanted, assign_names, snake_case


def name_values(program: Program, used: Iterable[str]) -> dict[str, str]:
    """Name every value; a body is a method, whose names need only differ from what it captures."""
    wanted = [Wanted(name, "x") for name in program.inputs]
    wanted += [Wanted(name, "weight") for name in used if name not in program.inputs]
    statements = (*program.setup, *program.statements)
    names = assign_names([*wanted, *_results(statements)])
    _name_bodies(statements, names)
    return names


def _name_bodies(statements: Iterable[Statement], names: dict[str, str]) -> None:
    for statement in statements:
        for body in bodies_of(statement.operation):
            wanted = [
                *(Wanted(name, "item") for name in body.inputs),
                *_results(body.statements),
            ]
            names.update(assign_names(wanted, {names[name] for name in body.captures}))
            _name_bodies(body.statements, names)


def _results(statements: Iterable[Statement]) -> Iterator[Wanted]:
    """Yield what statements define, to be called after the operator if it has no name."""
    for statement in statements:
        operators = [node.rpartition(": ")[2] for node in statement.nodes]
        fallback = (
            snake_case(operators[0].rpartition(".")[2]) if operators else "length"
        )
        yield from (Wanted(name, fallback) for name in statement.outputs if name)
