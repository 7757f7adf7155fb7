"""Statements of a program as lines of Python."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..errors import InternalError
from ..ir.program import (
    Argument,
    Call,
    Program,
    Statement,
    references,
)
from .annotations import annotation
from .control_flow import ControlFlow
from .infix import Operands
from .literals import render_call, render_number
from .methods import Methods
from .naming import node_name
from .spelling import Spelling
from .text import WIDTH, comment
from .uses import Uses, is_kernel


@dataclass
class StatementWriter:
    """Writes the statements of one method; ``uses`` and ``methods`` collect for all of them."""

    program: Program
    spelling: Spelling
    uses: Uses
    methods: Methods
    calls: int = 0
    bodies: list[str] = field(default_factory=list)
    """The methods that were written for bodies, each above those that it calls."""

    def for_body(self) -> StatementWriter:
        """Return a writer of a method of the same class."""
        return StatementWriter(self.program, self.spelling, self.uses, self.methods)

    def block(self, statements: tuple[Statement, ...]) -> str:
        """Return statements, each below its comment, a blank line between them."""
        return "\n\n".join("\n".join(self.statement(s)) for s in statements)

    def statement(self, statement: Statement) -> Iterator[str]:
        """Yield the lines of one statement."""
        if statement.nodes:  # else it is for what others compute
            self.calls += 1
            yield from self.comment(statement)
        operation = statement.operation
        if isinstance(operation, Call):
            yield self.assignment(operation, statement.outputs)
        else:
            flow = ControlFlow(self, node_name(statement))
            yield from flow.lines(operation, statement.outputs)
        if statement.frees:
            names = (self.spelling.names[name] for name in statement.frees)
            yield f"del {', '.join(names)}"

    def comment(self, statement: Statement) -> list[str]:
        """Name the ONNX nodes that a statement stands for, and the types of its results."""
        kinds = [
            str(self.program.types.get(name) or "?")
            for name in statement.outputs
            if name
        ]
        first, *others = statement.nodes
        text = f"{comment(first)}{''.join(f' + {comment(o)}' for o in others)}"
        folded = self.folded(statement)
        text += f" [folded: {', '.join(map(comment, folded))}]" if folded else ""
        text += f" -> {comment(', '.join(kinds))}" if kinds else ""
        return textwrap.wrap(
            text, WIDTH - 8, initial_indent="# ", subsequent_indent="#   ",
            break_long_words=True, break_on_hyphens=False,
        )  # fmt: skip

    def folded(self, statement: Statement) -> list[str]:
        """Return the nodes that were folded into literals of the statement."""
        inline = [
            name
            for name in references(statement.operation)
            if self.spelling.is_literal(name)
        ]
        names = (*statement.literals, *inline)
        return list(
            dict.fromkeys(n for v in names for n in self.program.folded.get(v, ()))
        )

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
        return f"{self.spelling.targets(padded)} = {expression}"

    def expression(self, call: Call) -> str:
        """Spell a call."""
        operands = Operands(self.program, self.spelling)
        return render_call(call, self.spelling.expression, self.uses, operands)

    def target(self, output: str, call: Call) -> str:
        """Annotate an output of the model that NumPy's own annotations leave open."""
        name = self.spelling.target(output)
        is_typed = is_kernel(call.function) or self.spelling.is_attribute(output)
        if is_typed or output not in self.program.outputs:
            return name
        return f"{name}: {annotation(self.program.types.get(output), self.uses)}"

    def argument(self, value: Argument) -> str:
        """Spell an argument outside a call."""
        return render_number(value, self.spelling.expression)
