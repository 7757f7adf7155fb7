"""Removal of calls whose results nothing reads any longer."""

from __future__ import annotations

from ...ir.program import Call, Program, Statement
from ...plan.traverse import names_read, with_blocks


def without_unread(before: Program, after: Program) -> Program:
    """Return a program without the calls that were read in ``before`` and are not now."""
    read_before = _read(before)
    while True:
        read = _read(after)

        def is_needed(statement: Statement, read: set[str] = read) -> bool:
            if not isinstance(statement.operation, Call):
                return True
            was_read = read_before.intersection(statement.outputs)
            return not was_read or not read.isdisjoint(statement.outputs)

        changed = with_blocks(
            after, lambda statements, _: filter(is_needed, statements)
        )
        if changed.statements == after.statements:
            return after
        after = changed


def _read(program: Program) -> set[str]:
    return names_read((*program.setup, *program.statements), program.outputs)
