"""The values of views that stand in the expression of another (see ``chains``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..ir.program import Statement, bodies_of
from .blocks import BlockSource
from .methods import Methods
from .spelling import Spelling


def views_inside(
    blocks: BlockSource, spelling: Spelling, methods: Methods
) -> Iterator[tuple[str, list[str]]]:
    """Yield which values of views stand in each expression: ``Layer.method.name``."""
    yield from _chains("Model", blocks.main.statements, spelling.names, methods)
    for block, written in blocks.written.items():
        kind = blocks.classes[block]
        yield from _chains(kind, written.statements, written.names, written.methods)


def _chains(
    scope: str,
    statements: Iterable[Statement],
    names: Mapping[str, str],
    methods: Methods,
) -> Iterator[tuple[str, list[str]]]:
    """Yield which values stand in the expressions of a function, and those of its bodies."""
    start = scope.partition(".")[0]
    for statement in statements:
        for value in statement.outputs:
            if value in methods.joined:
                inner = [names[each] for each in methods.joined[value]]
                yield f"{scope}.{names[value]}", inner
            elif value in methods.conditional:
                inner = [*_branches(statement, names, methods)]
                yield f"{scope}.{names[value]}", inner
        for body in bodies_of(statement.operation):
            around = f"{scope[len(start) + 1 :]}." if scope != start else ""
            inner_scope = f"{start}.{methods.scope(body, around)}"[:-1]
            yield from _chains(inner_scope, body.statements, names, methods)


def _branches(
    statement: Statement, names: Mapping[str, str], methods: Methods
) -> Iterator[str]:
    """Yield the values that a conditional expression computes: ``result.then.result``."""
    for body in bodies_of(statement.operation):
        for each in body.statements:
            for value in each.outputs:
                yield f"{methods.scope(body, '')}{names[value]}"
