"""Views that stand in the expression of their one reader: ``x[..., :4].reshape(2, 2)``.

A view is written into the next view of it if nothing between the two writes to memory or frees
what it reads, and if all of it fits on a line. ``names.json`` lists the values inside a line.
"""

from __future__ import annotations

import operator
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from ..ir.program import Call, Ref, Statement, references
from ..ir.symbols import kernel_of
from ..plan.traverse import count_reads
from .text import WIDTH

if TYPE_CHECKING:
    from .statements import StatementWriter

LONGEST = 3
"""Number of calls in an expression."""
VIEWS = (np.expand_dims, np.reshape, np.squeeze, np.transpose, operator.getitem)


@dataclass
class Chain:
    """An expression of calls, each a method or an index of the result of the one before."""

    values: tuple[str, ...]
    """The results of all calls but the last."""
    reads: frozenset[str]
    copies: bool
    """Whether a call may make a copy."""


@dataclass
class Chains:
    """Finds the views of one function that stand in others; the writer gets their expressions."""

    writer: StatementWriter
    indent: int
    found: dict[str, Chain] = field(default_factory=dict)
    """By the result of the last call."""

    def joined(
        self, statements: Sequence[Statement], kept: Collection[str]
    ) -> tuple[Statement, ...]:
        """Return the statements without views that stand in others, which have their nodes."""
        uses = count_reads(statements, kept)
        places: dict[str, int] = {}
        new: list[Statement | None] = list(statements)
        for place, statement in enumerate(statements):
            call = _single(statement)
            if call is None:
                continue
            result, source = statement.outputs[0], call.args[0] if call.args else None
            copies = kernel_of(call.function) is np.reshape
            chain = Chain((), frozenset(references(call)), copies)
            if isinstance(source, Ref) and uses[source.name] == 1:
                before = places.get(source.name, place)
                view = new[before]
                others = [s for s in new[before + 1 : place] if s is not None]
                at = self._place(source.name, statement, chain, others, before, place)
                whole = (
                    self._whole(view, statement, chain) if at >= 0 and view else None
                )
                if view is not None and whole is not None:
                    chain = whole
                    new[before] = new[place] = None
                    new[at] = _both(view, statement)
                    place = at
            self.found[result] = chain
            if not self.writer.spelling.is_attribute(result):
                places[result] = place
        return tuple(statement for statement in new if statement is not None)

    def _place(
        self,
        source: str,
        reader: Statement,
        last: Chain,
        between: Sequence[Statement],
        before: int,
        place: int,
    ) -> int:
        """Return where a view may be one with its reader: there or where it was; else -1."""
        if before == place:
            return -1
        if not any(_disturbs(each, self.found[source].reads) for each in between):
            return place
        made = {name for each in between for name in each.outputs}
        if last.copies or {*reader.frees} - {source} or made & last.reads:
            return -1
        return before

    def _whole(self, view: Statement, reader: Statement, last: Chain) -> Chain | None:
        """Return the expression of a view and its reader, None if both are to be statements."""
        (source,) = view.outputs
        inner, outer = view.operation, reader.operation
        assert isinstance(inner, Call) and isinstance(outer, Call)
        first = self.found[source]
        if not is_view(inner) or len(first.values) + 2 > LONGEST:
            return None
        if first.copies and last.copies and view.frees:
            return None  # what is copied would be freed after another copy is made
        writer = self.writer
        text = writer.expression(inner)
        base = inner.args[0]
        if not isinstance(base, Ref) or not _is_behind(text, writer.spelled(base.name)):
            return None
        writer.texts[source] = text
        line = writer.assignment(outer, reader.outputs)
        fits = len(line) <= WIDTH - self.indent
        if fits and _is_behind(writer.expression(outer), text):
            reads = first.reads | (last.reads - {source})
            return Chain((*first.values, source), reads, first.copies or last.copies)
        del writer.texts[source]
        return None


def views_of_views(
    statements: Sequence[Statement], kept: Collection[str] = ()
) -> set[str]:
    """Return the values of views that only another view reads, which most likely contains them."""
    uses = count_reads(statements, kept)
    calls = {s.outputs[0]: call for s in statements if (call := _single(s))}
    views = {value: call for value, call in calls.items() if is_view(call)}
    sources = {
        call.args[0].name
        for call in views.values()
        if call.args and isinstance(call.args[0], Ref)
    }
    return {value for value in views if value in sources and uses[value] == 1}


def is_view(call: Call) -> bool:
    """Whether a call makes a view, for any target."""
    return kernel_of(call.function) in VIEWS


def _single(statement: Statement) -> Call | None:
    """Return the call of one value that a statement is, None for all others."""
    call = statement.operation
    if not isinstance(call, Call) or call.results is not None or not statement.nodes:
        return None
    return call if len(statement.outputs) == 1 and statement.outputs[0] else None


def _is_behind(text: str, base: str) -> bool:
    """Whether an expression is a method or an index of another."""
    return text.startswith(base) and text[len(base) :][:1] in (".", "[")


def _disturbs(statement: Statement, reads: frozenset[str]) -> bool:
    """Whether a view of what was read before a statement may be another behind it."""
    call = statement.operation
    if not isinstance(call, Call) or "out" in call.kwargs:
        return True
    return not reads.isdisjoint(statement.frees)


def _both(view: Statement, reader: Statement) -> Statement:
    frees = [name for name in reader.frees if name not in view.outputs]
    return replace(
        reader,
        nodes=(*view.nodes, *reader.nodes),
        literals=(*view.literals, *reader.literals),
        frees=(*view.frees, *frees),
    )
