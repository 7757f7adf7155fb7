"""Branches and calls of functions as lines of Python; ``loops`` has the others."""

from __future__ import annotations

from collections.abc import Iterator

from ..ir.program import (
    Body,
    Branch,
    Call,
    Invoke,
    Loop,
    MapItems,
    Operation,
    Scan,
    Section,
)
from .bodies import BodyWriter
from .branches import is_choice_of_values, stands_inside
from .loops import LoopWriter
from .remarks import INDENT
from .text import WIDTH, one_line
from .words import doc_line


class ControlFlow(BodyWriter):
    """Writes the operations that have bodies."""

    loops: type[LoopWriter] = LoopWriter

    def lines(self, operation: Operation, outputs: tuple[str, ...]) -> Iterator[str]:
        """Yield the lines of an operation, and give its results to ``outputs``."""
        loops = self.loops(self.writer, self.node)
        if isinstance(operation, Branch):
            yield from self.branch(operation, outputs)
        elif isinstance(operation, Loop):
            yield from loops.loop(operation, outputs)
        elif isinstance(operation, Scan):
            yield from loops.scan(operation, outputs)
        elif isinstance(operation, Invoke):
            yield self.invoke(operation, outputs)
        elif isinstance(operation, Section):
            results = ", ".join(map(self.spelling.target, outputs))
            yield f"{results} = {self.call_section(operation)}"
        elif isinstance(operation, MapItems):
            yield from loops.map_items(operation, outputs)

    def branch(self, branch: Branch, outputs: tuple[str, ...]) -> Iterator[str]:
        """Yield ``if`` and ``else``, each with the call of a body, or what it returns as it is."""
        if stands_inside(branch):
            yield from self.inside(branch, outputs)
            return
        targets = self.results(branch.then_body, outputs)
        owner = self.owner(outputs, "if")
        condition = self.writer.argument(branch.condition)
        for start, body in (
            (f"if {condition}:", branch.then_body),
            ("else:", branch.else_body),
        ):
            yield start
            if body.statements:
                yield f"    {targets} = {self.call_body(body, owner, [])}"
            else:
                yield f"    {next(self.given(body, outputs), 'pass')}"

    def inside(self, branch: Branch, outputs: tuple[str, ...]) -> Iterator[str]:
        """Yield ``if`` and ``else`` with the statements of short bodies, or one line."""
        bodies = {"then": branch.then_body, "else": branch.else_body}
        self.note(branch, outputs)
        for part in self.writer.methods.branches.of(branch):
            assert isinstance(part.operation, Branch)
            self.note(part.operation, part.outputs)
        line = self.conditional(branch, outputs)
        if line:
            statements = (s for body in bodies.values() for s in body.statements)
            self.writer.calls += sum(bool(s.nodes) for s in statements)
            self.writer.methods.conditional.update(outputs)
            yield line
            return
        for key, body in bodies.items():
            condition = self.writer.argument(branch.condition)
            yield f"if {condition}:" if key == "then" else "else:"
            lines = self.writer.short_block(body.statements).splitlines()
            lines += self.given(body, outputs)
            yield from (f"    {line}" for line in lines or ["pass"])

    def note(self, branch: Branch, outputs: tuple[str, ...]) -> None:
        """Note what values of the bodies are called in ``names.json``."""
        first = next((self.spelling.target(name) for name in outputs if name), "_")
        for key, body in (("then", branch.then_body), ("else", branch.else_body)):
            self.writer.methods.inside[id(body)] = f"{first}.{key}"

    def conditional(self, branch: Branch, outputs: tuple[str, ...]) -> str:
        """Return an ``If`` as the assignment of one value or another, "" if that is too long."""
        if self.writer.plain or not is_choice_of_values(branch, outputs):
            return ""
        then, other = map(self.value, (branch.then_body, branch.else_body))
        condition = self.writer.argument(branch.condition)
        target = self.spelling.target(outputs[0])
        line = f"{target} = {then} if {condition} else {other}"
        return line if len(line) <= WIDTH - INDENT else ""

    def value(self, body: Body) -> str:
        """Return the expression for the one value that a body gives."""
        for statement in body.statements:
            assert isinstance(statement.operation, Call)
            return self.writer.expression(statement.operation)
        return self.spelling.expression(body.outputs[0])

    def given(self, body: Body, outputs: tuple[str, ...]) -> Iterator[str]:
        """Yield the assignment of results that have another name in a body."""
        pairs = [
            (self.spelling.target(outer), self.spelling.expression(inner))
            for inner, outer in zip(body.outputs, outputs)
            if outer
        ]
        pairs = [(target, value) for target, value in pairs if target != value]
        if pairs:
            targets, values = (", ".join(each) for each in zip(*pairs))
            yield f"{targets} = {values}"

    def invoke(self, invoke: Invoke, outputs: tuple[str, ...]) -> str:
        """Return the line that calls a function of the model."""
        arguments = [self.spelling.expression(ref.name) for ref in invoke.arguments]
        name = invoke.body.name
        doc = f'"""{doc_line(f"The function ``{one_line(name)}`` of the model.")}"""'
        call = self.call_body(invoke.body, "", arguments, doc)
        return f"{self.results(invoke.body, outputs)} = {call}"

    def results(self, body: Body, outputs: tuple[str, ...]) -> str:
        """Return the left side that takes the results of a body's call."""
        padded = (*outputs, *[""] * (len(body.outputs) - len(outputs)))
        if len(body.outputs) == 1:
            return ", ".join(map(self.spelling.target, padded))
        return self.spelling.targets(padded)
