"""Lengths that stand in the one statement that reads them: ``if x.shape[2] == 1:``.

A length that the types of a model name has a line of its own, which says the name. So has one
that is read twice, or whose value is freed or assigned again before it is read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..ir.program import Branch, Call, Ref, Statement, references
from ..ir.types import TensorType
from ..plan.traverse import count_reads
from .text import WIDTH

if TYPE_CHECKING:
    from .statements import StatementWriter


def with_lengths_inside(
    writer: StatementWriter,
    statements: Sequence[Statement],
    kept: Collection[str],
    indent: int,
) -> tuple[tuple[Statement, ...], set[str]]:
    """Return the statements without lengths that stand in others, and the values they are of.

    The writer gets the text of these lengths.
    """
    uses = count_reads(statements, kept)
    gone: set[int] = set()
    values: set[str] = set()
    for place, statement in enumerate(statements):
        value = _unnamed(writer, statement)
        if value is None or uses[statement.outputs[0]] != 1:
            continue
        number, reader = statement.outputs[0], _reader(statements, place)
        if reader is None or _changes(writer, statements[place:reader], value):
            continue
        if _fits(writer, statements[reader], number, statement, indent):
            gone.add(place)
            values.add(value)
    return tuple(s for place, s in enumerate(statements) if place not in gone), values


def _unnamed(writer: StatementWriter, statement: Statement) -> str | None:
    """Return the value of which a statement reads a length that has no name in its type."""
    call = statement.operation
    if statement.nodes or not isinstance(call, Call) or len(statement.outputs) != 1:
        return None
    if call.function not in (np.ndim, np.size) or not isinstance(call.args[0], Ref):
        return None
    value, *axis = call.args[0].name, *call.args[1:]
    kind = writer.program.types.get(value)
    shape = kind.shape if isinstance(kind, TensorType) else None
    named = [shape[a] for a in axis if shape is not None and isinstance(a, int)]
    return value if {*named} <= {None, "*"} else None


def _reader(statements: Sequence[Statement], place: int) -> int | None:
    """Return the statement that reads a length itself, if that is a call or an ``If``."""
    (number,) = statements[place].outputs
    for later in range(place + 1, len(statements)):
        operation = statements[later].operation
        if isinstance(operation, (Call, Branch)) and number in references(operation):
            return later
    return None


def _changes(writer: StatementWriter, between: Sequence[Statement], value: str) -> bool:
    """Whether statements free a value, or assign its variable."""
    names = writer.spelling.names
    return any(
        value in statement.frees
        or names.get(value) in {names.get(name) for name in statement.outputs if name}
        for statement in between
    )


def _fits(
    writer: StatementWriter,
    reader: Statement,
    number: str,
    statement: Statement,
    indent: int,
) -> bool:
    """Let a length stand in its reader, unless that gets too long; return whether it does."""
    assert isinstance(statement.operation, Call)
    text = writer.expression(statement.operation)
    operation, is_line = reader.operation, writer.is_line(reader)
    writer.texts[number] = text
    if isinstance(operation, Call):
        line = writer.assignment(operation, reader.outputs)
        fits = len(line) <= WIDTH - indent
    else:
        fits = writer.is_line(reader) == is_line
    if not fits:
        del writer.texts[number]
    return fits
