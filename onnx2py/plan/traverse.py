"""What plans share: operations whose bodies are changed, and who reads what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from ..ir.program import (
    Body,
    Call,
    Operation,
    Program,
    Statement,
    bodies_of,
    references,
    walk,
)

_FIELDS = ("then_body", "else_body", "body")


def with_bodies(operation: Operation, change: Callable[[Body], Body]) -> Operation:
    """Return the operation with other bodies; a call has none."""
    if isinstance(operation, Call):
        return operation
    bodies = {
        key: getattr(operation, key) for key in _FIELDS if hasattr(operation, key)
    }
    changed = {key: change(body) for key, body in bodies.items()}
    return replace(operation, **changed)  # type: ignore[arg-type]


def with_blocks(
    program: Program,
    change: Callable[[tuple[Statement, ...], tuple[str, ...]], Iterable[Statement]],
) -> Program:
    """Return the program with other statements, in bodies too.

    ``change`` gets statements and the outputs that they are to make, those of bodies after
    those around them; it leaves bodies alone.
    """

    def inside(body: Body) -> Body:
        return replace(body, statements=block(body.statements, body.outputs))

    def block(
        statements: tuple[Statement, ...], outputs: tuple[str, ...]
    ) -> tuple[Statement, ...]:
        return tuple(
            (
                statement
                if isinstance(statement.operation, Call)
                else replace(
                    statement, operation=with_bodies(statement.operation, inside)
                )
            )
            for statement in change(statements, outputs)
        )

    return replace(program, statements=block(program.statements, program.outputs))


def reads_of(operation: Operation) -> Iterator[str]:
    """Yield the names of the values that an operation reads, its bodies included."""
    yield from references(operation)
    for body in bodies_of(operation):
        yield from body.captures


def read_in_calls(program: Program) -> frozenset[str]:
    """Return which values of the setup are read later: those become attributes."""
    made = {name for statement in program.setup for name in statement.outputs}
    return frozenset(made & names_read(program.statements, program.outputs))


def names_read(statements: Iterable[Statement], outputs: Iterable[str]) -> set[str]:
    """Return all values read, in bodies too: captures lack values that plans add."""
    found = set(outputs)
    for statement in walk(statements):
        found.update(references(statement.operation))
        for body in bodies_of(statement.operation):
            found.update(body.outputs)
    return found


def count_reads(
    statements: Iterable[Statement], outputs: Iterable[str]
) -> Counter[str]:
    """Count how often each value is read, by statements or as an output."""
    uses = Counter(outputs)
    for statement in statements:
        uses.update(reads_of(statement.operation))
    return uses
