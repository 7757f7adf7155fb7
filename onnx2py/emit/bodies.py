"""Bodies of control flow, and functions of the model, as methods."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from ..ir.program import Body, Section
from .text import one_line
from .words import doc_line

if TYPE_CHECKING:
    from .statements import StatementWriter

MOST_TYPES = 4
"""Of the results of a method, in its annotation."""


class BodyWriter:
    """Writes bodies, for the writer of the statements around their calls.

    Methods for the bodies are called after ``node``, or after its first result without a name.
    """

    def __init__(self, writer: StatementWriter, node: str = "") -> None:
        self.writer, self.node = writer, node
        self.spelling, self.uses = writer.spelling, writer.uses
        self.fresh = writer.methods.fresh

    def call_body(
        self, body: Body, owner: str, arguments: list[str], doc: str = ""
    ) -> str:
        """Write a body as a method; return its call with ``arguments`` and what it captures.

        A body that reads the same as an earlier one is that one's method.
        """
        captures = [n for n in body.captures if n not in self.spelling.fixed]
        inner = self.writer.for_body()
        text = self.function(inner, body, captures, doc)
        given = [*arguments, *map(self.spelling.names.__getitem__, captures)]
        name = self.method(inner, body, owner, text)
        return self.uses.dialect.method_call(name, text, given)

    def method(self, inner: StatementWriter, body: Body, owner: str, text: str) -> str:
        """Return the name of the method of a body; write it unless another reads the same."""
        name, is_new = self.writer.methods.place(body, owner, text)
        if is_new:
            self.writer.bodies += [f"def {name}{text}", *inner.bodies]
            self.writer.calls += inner.calls
        return name

    def function(
        self, writer: StatementWriter, body: Body, captures: list[str], doc: str
    ) -> str:
        """Return the text of a method, from the parameters on."""
        any_type = self.uses.typing("Any")
        names = [self.spelling.names[name] for name in (*body.inputs, *captures)]
        parameters = [f"{name}: {any_type}" for name in names]
        statements = writer.block(body.statements, body.outputs)
        results = [self.spelling.expression(name) for name in body.outputs]
        returned = ", ".join(results) or "()"
        kind = _returned(len(results), any_type)
        lines = filter(None, [doc, statements, f"\nreturn {returned}"])
        content = textwrap.indent("\n".join(lines), "    ")
        return self.uses.dialect.method(parameters, kind, content)

    def call_section(self, section: Section) -> str:
        """Write a section as a method, whose parameters and results have types; return its call."""
        body = section.body
        inner = self.writer.for_body()
        inner.returned = frozenset(body.outputs)
        inner.held = frozenset(body.captures)
        names = self.spelling.names
        given = [f"{names[n]}: {self.writer.annotation(n)}" for n in body.captures]
        kinds = [self.writer.annotation(name) for name in body.outputs]
        returned = kinds[0] if len(kinds) == 1 else f"tuple[{', '.join(kinds)}]"
        doc = f'"""{doc_line(f"``{one_line(section.module)}``.")}"""'
        lines = [
            doc if section.is_whole else "",
            inner.block(body.statements, body.outputs),
            f"\nreturn {', '.join(map(self.spelling.expression, body.outputs))}",
        ]
        content = textwrap.indent("\n".join(filter(None, lines)), "    ")
        text = self.uses.dialect.method(given, returned, content)
        name = self.method(inner, body, self.writer.methods.sections[id(body)], text)
        arguments = [*map(self.spelling.expression, body.captures)]
        return self.uses.dialect.method_call(name, text, arguments)

    def owner(self, outputs: tuple[str, ...], otherwise: str) -> str:
        """Return the name from which methods are named: their node, or its first result."""
        if self.node:
            return self.node
        first = next((self.spelling.names[name] for name in outputs if name), otherwise)
        return first.strip("_")


def _returned(count: int, any_type: str) -> str:
    """Return the annotation of results: the same for names of any length."""
    if count == 1:
        return any_type
    same = count > MOST_TYPES
    kinds = [any_type, "..."] if same else [any_type] * count
    return f"tuple[{', '.join(kinds) or '()'}]"
