"""What a block frees and writes over: what it may in all of its windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...ir.program import Call, Ref, Statement
from .columns import Row


def with_memory(
    template: tuple[Statement, ...], rows: Sequence[Row], outputs: tuple[str, ...]
) -> tuple[tuple[Statement, ...], list[tuple[str, ...]]]:
    """Let statements free and write over what they do in all windows.

    Return them, and what the calls free: a block cannot free what its caller holds.
    """
    written = []
    done: set[str] = set()
    freed: list[dict[str, None]] = [{} for _ in rows]
    for j, statement in enumerate(template):
        out = [_out(row.statements[j]) for row in rows]
        over = {row.local.get(name) for row, name in zip(rows, out)}
        (target,) = over if len(over) == 1 else (None,)
        frees: dict[str, None] = {}
        for row, name, gone in zip(rows, out, freed):
            dead = (*row.statements[j].frees, *([name] if name else ()))
            for value in dead:
                if value not in row.place:
                    gone[value] = None
                elif row.local[value] != target and row.local[value] not in outputs:
                    frees[row.local[value]] = None
        frees = {name: None for name in frees if name not in done}
        done.update(frees)
        if target is not None and isinstance(statement.operation, Call):
            kwargs = {**statement.operation.kwargs, "out": Ref(target)}
            call = replace(statement.operation, kwargs=kwargs)
            statement = replace(statement, operation=call)
        written.append(replace(statement, frees=tuple(frees)))
    return tuple(written), [tuple(names) for names in freed]


def _out(statement: Statement) -> str:
    """Return the value that a statement writes over, "" for none."""
    call = statement.operation
    out = call.kwargs.get("out") if isinstance(call, Call) else None
    return out.name if isinstance(out, Ref) else ""
