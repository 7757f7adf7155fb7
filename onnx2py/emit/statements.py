"""Statements of a program as lines of Python."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..errors import InternalError
from ..ir.program import (
    Apply,
    Argument,
    Branch,
    Call,
    Invoke,
    Program,
    Section,
    Statement,
)
from ..ir.types import ValueType
from .annotations import annotation
from .branches import stands_inside, types_given, with_inner_nodes
from .calls import Operands, render_call
from .chains import Chains
from .length_reads import with_lengths_inside
from .literals import render_number
from .methods import Methods
from .naming import node_name
from .remarks import INDENT, heading, named_nodes, remark, remark_above, wrapped
from .sections import sections_of
from .spelling import Spelling
from .text import comment
from .uses import Uses

if TYPE_CHECKING:
    from .control_flow import ControlFlow


@dataclass
class StatementWriter:
    """Writes the statements of one method; ``uses`` and ``methods`` collect for all of them."""

    program: Program
    spelling: Spelling
    uses: Uses
    methods: Methods
    plain: bool = False
    """Whether each statement is one node, which the comment above names."""
    calls: int = 0
    texts: dict[str, str] = field(default_factory=dict)
    """The expressions of views that stand in those of others."""
    bodies: list[str] = field(default_factory=list)
    """The methods that were written for bodies, each above those that it calls."""
    lengths: Collection[str] = ()
    """The values that are Python numbers."""
    returned: Collection[str] = ()
    """The values that a section returns."""
    held: Collection[str] = ()
    """The values that a section is given: its caller frees them."""

    def for_body(self) -> StatementWriter:
        """Return a writer of a method of the same class."""
        return StatementWriter(
            self.program, self.spelling, self.uses, self.methods, self.plain,
            lengths=self.lengths,
        )  # fmt: skip

    def block(
        self, statements: tuple[Statement, ...], kept: Collection[str] | None = None
    ) -> str:
        """Return statements with their comments, in sections with blank lines between them.

        ``kept`` are the values that the function returns; without them, each call is a statement.
        """
        if self.plain:
            return "\n\n".join("\n".join(self.noted(s)) for s in statements)
        if kept is not None:
            statements = self.joined(statements, kept)
        if self.returned and statements and isinstance(statements[-1].operation, Call):
            last = replace(statements[-1], frees=())  # the method returns
            statements = (*statements[:-1], last)
        parts = []
        for section in sections_of(statements, self.is_line):
            lines = [heading(section.title)] if section.title else []
            before = [""]
            for statement in section.statements:
                kinds = self.kinds(statement)
                lines += self.remarked(statement, section.scope, kinds, before)
                before = kinds
            parts.append("\n".join(lines))
        return "\n\n".join(parts)

    def joined(
        self, statements: tuple[Statement, ...], kept: Collection[str]
    ) -> tuple[Statement, ...]:
        """Return statements without the lengths and views that stand in others."""
        statements, measured = with_lengths_inside(self, statements, kept, INDENT)
        chains = Chains(self, INDENT)
        found = chains.joined(statements, {*kept, *measured})
        joined = self.methods.branches.joined(
            found, self.spelling.names, [*map(self.is_line, found)]
        )
        found = tuple(joined)
        self.calls += len(statements) - len(found)
        for statement in found:
            for name in statement.outputs:
                if name in chains.found and chains.found[name].values:
                    self.methods.joined[name] = chains.found[name].values
        return found

    def short_block(self, statements: tuple[Statement, ...]) -> str:
        """Return a few statements with their comments."""
        if self.plain:
            return "\n".join(line for s in statements for line in self.noted(s))
        lines: list[str] = []
        before = [""]
        for section in sections_of(statements, self.is_line):
            for statement in section.statements:
                kinds = self.kinds(statement)
                lines += self.remarked(statement, section.scope, kinds, before)
                before = kinds
        return "\n".join(lines)

    def noted(self, statement: Statement) -> Iterator[str]:
        """Yield the lines of a statement below the labels of its nodes."""
        if statement.nodes:  # else it is for what others compute
            text = " + ".join(map(comment, statement.nodes))
            kinds = comment(", ".join(self.kinds(statement)))
            yield from wrapped(f"{text} -> {kinds}" if kinds else text)
        yield from self.statement(statement)

    def remarked(
        self,
        statement: Statement,
        scope: str,
        kinds: Sequence[str],
        before: Sequence[str],
    ) -> list[str]:
        """Return the lines of a statement, with what they do not say of its nodes and results."""
        lines = list(self.statement(statement))
        kinds = [kind for kind in kinds if kind != "?"]
        is_branch = stands_inside(statement.operation)
        if is_branch and self.is_line(statement):
            statement, is_branch = with_inner_nodes(statement), False
        names = named_nodes(statement, self.program.dropped, scope, "\n".join(lines))
        if is_branch:
            return [*remark_above(names, ()), *lines]  # the branches have types
        place = self.assigning(statement, lines)
        if place is None:
            known = [kind for kind in kinds if names or not kind.endswith("[...]")]
            return [*remark_above(names, known), *lines]
        above, lines[place] = remark(names, kinds, lines[place], before)
        at = 0 if names else place  # types stand next to what they are of
        return [*lines[:at], *above, *lines[at:]]

    def is_line(self, statement: Statement) -> bool:
        """Whether a statement is one line that has others around it."""
        operation = statement.operation
        if isinstance(operation, Branch):
            flow = self.flow(statement)
            return bool(flow.conditional(operation, statement.outputs))
        return isinstance(operation, (Apply, Call, Invoke, Section))

    def kinds(self, statement: Statement) -> list[str]:
        """Return the types of what a statement computes, "?" for one that is not known."""
        is_section = isinstance(statement.operation, Section)
        if not statement.nodes and not is_section:
            return []
        types, given = self.program.types, dict[str, ValueType]()
        if stands_inside(statement.operation) and self.is_line(statement):
            given = types_given(statement, types)
        outputs = filter(None, statement.outputs)
        return [str(types.get(name) or given.get(name) or "?") for name in outputs]

    def assigning(self, statement: Statement, lines: list[str]) -> int | None:
        """Return which line first assigns the results of a statement."""
        targets = re.escape(self.spelling.targets(statement.outputs).strip("(,)"))
        pattern = re.compile(rf"\s*\(?{targets},?\)?(: [^=]+)? = ")
        return next((n for n, line in enumerate(lines) if pattern.match(line)), None)

    def statement(self, statement: Statement) -> Iterator[str]:
        """Yield the lines of one statement."""
        self.calls += bool(statement.nodes)
        operation = statement.operation
        if isinstance(operation, Call):
            yield self.assignment(operation, statement.outputs)
        else:
            flow = self.flow(statement)
            yield from flow.lines(operation, statement.outputs)
        frees = [name for name in statement.frees if name not in self.held]
        if frees:
            names = (self.spelling.names[name] for name in frees)
            yield f"del {', '.join(names)}"

    def flow(self, statement: Statement) -> ControlFlow:
        """Return the writer of control flow for a statement."""
        return self.uses.dialect.flow(self, node_name(statement))

    # ------------------------------------------------------------------ calls

    def assignment(self, call: Call, outputs: tuple[str, ...]) -> str:
        """Return one line: what a call returns, given to its outputs."""
        expression = self.expression(call)
        if call.results is None:
            if len(outputs) > 1:
                raise InternalError(
                    f"{expression}: one result for {len(outputs)} outputs"
                )
            first = outputs[0] if outputs else ""
            return f"{self.target(first, call)} = {expression}"
        if len(outputs) > call.results:
            raise InternalError(
                f"{expression}: {call.results} results for {len(outputs)} outputs"
            )
        padded = (*outputs, *[""] * (call.results - len(outputs)))
        names = [self.spelling.target(value) for value in padded]
        return f"{self.uses.dialect.targets(call, names)} = {expression}"

    def expression(self, call: Call) -> str:
        """Spell a call."""
        operands = Operands(self.program, self.spelling)
        return render_call(call, self.spelled, self.uses, operands)

    def spelled(self, value: str) -> str:
        """Spell a value that a call reads."""
        return self.texts.get(value) or self.spelling.expression(value)

    def target(self, output: str, call: Call) -> str:
        """Annotate an output of the model that the library's own annotations leave open."""
        name = self.spelling.target(output)
        is_typed = not self.uses.dialect.leaves_open(call)
        is_typed |= self.spelling.is_attribute(output)
        is_result = output in self.program.outputs or output in self.returned
        return (
            name if is_typed or not is_result else f"{name}: {self.annotation(output)}"
        )

    def annotation(self, value: str) -> str:
        """Return the annotation of a value."""
        if value in self.lengths:
            return "int"
        return annotation(self.program.types.get(value), self.uses)

    def argument(self, value: Argument) -> str:
        """Spell an argument outside a call."""
        return render_number(value, self.spelled)
