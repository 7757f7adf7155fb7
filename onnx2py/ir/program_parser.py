"""Text -> Program, in the syntax of :mod:`.program_text`: for tests."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .graph import Scope
from .program import (
    Body,
    Branch,
    Call,
    Invoke,
    Loop,
    MapItems,
    Operation,
    Program,
    Scan,
    ScanInput,
    ScanOutput,
    Statement,
)
from .program_words import Words, split
from .types import ValueType


def parse_program(
    text: str,
    weights: Mapping[str, np.ndarray] | None = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
) -> Program:
    """Parse a program.

    Parameters
    ----------
    text : as ``print_program`` writes it, indented as a whole or not
    weights : the arrays that the text elides, by name
    functions : those that are neither NumPy's nor kernels, by what the text calls them

    Raises
    ------
    ValueError
        If it is none; the message names the line.
    """
    return _Parser(text, weights or {}, functions or {}).program()


@dataclass
class _Line:
    indent: int
    text: str


class _Parser:
    def __init__(
        self,
        text: str,
        weights: Mapping[str, np.ndarray],
        functions: Mapping[str, Callable[..., Any]],
    ) -> None:
        self.words = Words(functions)
        self.weights = weights
        self.types: dict[str, ValueType] = {}
        lines = self.words.without_quoted(text).splitlines()
        self.lines = [
            _Line(len(line) - len(line.lstrip()), line.strip())
            for line in lines
            if line.strip()
        ]
        self.place = 0

    def next(self, indent: int) -> str | None:
        """Return the next line if it is indented more than that."""
        if self.place < len(self.lines) and self.lines[self.place].indent > indent:
            self.place += 1
            return self.lines[self.place - 1].text
        return None

    def program(self) -> Program:
        head = self.next(-1) or ""
        indent = self.lines[0].indent
        match = re.fullmatch(r"(\w+) \((.*)\) => \((.*)\)", head)
        if match is None:
            raise ValueError(f"expected a signature, got {head!r}")
        name, inputs, outputs = match.groups()
        defaults: dict[str, np.ndarray] = {}
        taken = tuple(self.given(item, defaults) for item in split(inputs))
        returned, promised = self.promised(outputs)
        called = [item.split(" as ") for item in returned]
        weights: dict[str, np.ndarray] = {}
        folded: dict[str, tuple[str, ...]] = {}
        narrow: tuple[str, ...] = ()
        free: frozenset[str] = frozenset()
        while (line := self.next(indent)) is not None:
            if line.startswith("narrow "):
                narrow = tuple(split(line[7:]))
            elif line.startswith("free "):
                free = frozenset(self.words.listed(line[5:]))
            elif line.startswith("folded "):
                word, _, labels = line[7:].partition("#")
                folded[self.words.name(word)] = self.words.labels(labels)
            else:
                self.given(line, weights)
        blocks: dict[str, tuple[Statement, ...]] = {}
        while (title := self.next(indent - 1)) is not None:
            blocks[title] = self.block(indent)
        return Program(
            self.words.name(name),
            taken,
            tuple(self.words.name(names[0]) for names in called),
            blocks.get("calls", ()),
            weights,
            defaults,
            self.types,
            tuple(self.words.name(names[-1]) for names in called),
            folded,
            promised,
            blocks.get("setup", ()),
            narrow,
            free,
        )

    def given(self, text: str, arrays: dict[str, np.ndarray]) -> str:
        """Note the type of an input or a weight, and its numbers; return its name."""
        declared, _, numbers = text.partition(" = ")
        word, _, kind = declared.partition(": ")
        name = self.defined(f"{word.strip().rstrip('?')}: {kind}" if kind else word)
        if numbers:
            elided = numbers.strip() == "{...}"
            arrays[name] = (
                self.weights[name]
                if elided
                else self.words.array(self.types[name], numbers.strip())
            )
        return name

    def promised(self, text: str) -> tuple[list[str], tuple[ValueType | None, ...]]:
        """Return the names of outputs, and the types that the file declares."""
        items = [item.partition(": ") for item in split(text)]
        kinds = tuple(self.words.type(kind) for _, colon, kind in items if colon)
        return [name.strip() for name, _, _ in items], kinds

    def defined(self, text: str) -> str:
        word, _, kind = text.partition(": ")
        name, known = self.words.name(word), self.words.type(kind or "?")
        if known is not None:
            self.types[name] = known
        return name

    def block(self, indent: int) -> tuple[Statement, ...]:
        found = []
        while self.place < len(self.lines) and self.lines[self.place].indent > indent:
            line = self.lines[self.place]
            self.place += 1
            found.append(self.statement(line))
        return tuple(found)

    def statement(self, line: _Line) -> Statement:
        rest, _, labels = line.text.partition("#")
        rest, *notes = rest.rstrip().split("; ")
        said = {
            key: self.words.listed(names)
            for key, _, names in (n.partition(" ") for n in notes)
        }
        targets, equals, source = rest.partition(" = ")
        if not equals:
            raise ValueError(f"expected a statement, got {line.text!r}")
        words = split(targets)
        more = int(words.pop()[1:]) if words[-1].startswith("+") else 0
        outputs = tuple(map(self.defined, words))
        several = more or len(outputs) > 1 or targets.rstrip().endswith(",")
        bodies = tuple(self.bodies(line.indent))
        operation = self.operation(
            source.strip(), len(outputs) + more if several else None, bodies
        )
        return Statement(
            operation,
            outputs,
            self.words.labels(labels),
            said.get("literals", ()),
            said.get("frees", ()),
            tuple(Scope(*name.split(":")) for name in said.get("scopes", ())),
        )

    def bodies(self, indent: int) -> Iterator[Body]:
        while self.place < len(self.lines) and self.lines[self.place].indent > indent:
            line = self.lines[self.place]
            self.place += 1
            match = re.fullmatch(r"(\w+) \((.*)\) \[(.*)\] => \((.*)\)", line.text)
            if match is None:
                raise ValueError(f"expected a body, got {line.text!r}")
            name, inputs, captures, outputs = match.groups()
            returned, promised = self.promised(outputs)
            yield Body(
                self.words.name(name),
                tuple(map(self.defined, split(inputs))),
                self.words.listed(captures),
                tuple(map(self.words.name, returned)),
                self.block(line.indent),
                promised,
            )

    def operation(
        self, source: str, results: int | None, bodies: tuple[Body, ...]
    ) -> Operation:
        method, dot, rest = (
            source.partition("(") if source.startswith(".") else ("", "", "")
        )
        parsed = ast.parse(f"method({rest}" if dot else source, mode="eval").body
        if isinstance(parsed, ast.Subscript):
            indexed = (self.words.value(parsed.value), self.words.value(parsed.slice))
            return Call(operator.getitem, indexed, {}, results)
        if not isinstance(parsed, ast.Call):
            raise ValueError(f"expected a call, got {source!r}")
        path = method or ast.unparse(parsed.func)
        args = tuple(map(self.words.value, parsed.args))
        if bodies:
            return _with_bodies(path, args, bodies)
        kwargs = {str(k.arg): self.words.value(k.value) for k in parsed.keywords}
        return Call(method or self.words.function(path), args, kwargs, results)


def _with_bodies(
    kind: str, args: tuple[Any, ...], bodies: tuple[Body, ...]
) -> Operation:
    if kind == "branch":
        return Branch(args[0], *bodies)
    (body,) = bodies
    if kind == "loop":
        return Loop(args[0], args[1], args[2:], body)
    if kind == "mapitems":
        return MapItems(args[0], args[1], body)
    if kind == "invoke":
        return Invoke(args, body)
    if kind != "scan":
        raise ValueError(f"expected an operation with a body, got {kind}")
    state, walked, scans = args
    inputs = tuple(ScanInput(*each) for each in walked)
    return Scan(state, inputs, tuple(ScanOutput(*each) for each in scans), body)
