"""Branches, loops and calls of functions as lines of Python, and their bodies as methods."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ..ir.program import (
    Body,
    Branch,
    Call,
    Invoke,
    Loop,
    MapItems,
    Operation,
    Scan,
)
from ..ir.types import DTYPES, TensorType, ValueType, completed, numbers_of
from ..kernels.control_flow import iterations, scan_elements, stack_scan_outputs
from .literals import dtype_literal, literal, render_call
from .text import one_line
from .words import doc_line

if TYPE_CHECKING:
    from .source import SourceWriter


class ControlFlow:
    """Writes operations that have bodies, for the writer of all statements."""

    def __init__(self, writer: SourceWriter) -> None:
        self.writer = writer
        self.spelling, self.uses = writer.spelling, writer.uses
        self.fresh = writer.methods.fresh

    def lines(self, operation: Operation, outputs: tuple[str, ...]) -> Iterator[str]:
        """Yield the lines of an operation, and give its results to ``outputs``."""
        if isinstance(operation, Branch):
            yield from self.branch(operation, outputs)
        elif isinstance(operation, Loop):
            yield from self.loop(operation, outputs)
        elif isinstance(operation, Scan):
            yield from self.scan(operation, outputs)
        elif isinstance(operation, Invoke):
            yield self.invoke(operation, outputs)
        elif isinstance(operation, MapItems):
            yield from self.map_items(operation, outputs)

    def call_body(
        self, body: Body, owner: str, arguments: list[str], doc: str = ""
    ) -> str:
        """Write a body as a method; return its call with ``arguments`` and what it captures.

        A body that reads the same as an earlier one is that one's method.
        """
        captures = [n for n in body.captures if n not in self.spelling.fixed]
        inner = self.writer.for_body()
        text = self.function(inner, body, captures, doc)
        name, is_new = self.writer.methods.place(body, owner, text)
        if is_new:
            self.writer.bodies += [f"def {name}{text}", *inner.bodies]
            self.writer.calls += inner.calls
        given = [*arguments, *map(self.spelling.names.__getitem__, captures)]
        return f"self.{name}({', '.join(given)})"

    def function(
        self, writer: SourceWriter, body: Body, captures: list[str], doc: str
    ) -> str:
        """Return the text of a method, from the parameters on."""
        any_type = self.uses.typing("Any")
        names = [self.spelling.names[name] for name in (*body.inputs, *captures)]
        parameters = ["self", *(f"{name}: {any_type}" for name in names)]
        statements = writer.block(body.statements)
        results = [self.spelling.expression(name) for name in body.outputs]
        returned = results[0] if len(results) == 1 else f"({', '.join(results)})"
        lines = filter(None, [doc, statements, f"\nreturn {returned}"])
        content = textwrap.indent("\n".join(lines), "    ")
        return f"({', '.join(parameters)}) -> {any_type}:\n{content}"

    def results(self, body: Body, outputs: tuple[str, ...]) -> str:
        """Return the left side that takes the results of a body's call."""
        padded = (*outputs, *[""] * (len(body.outputs) - len(outputs)))
        if len(body.outputs) == 1:
            return ", ".join(map(self.spelling.target, padded))
        return self.spelling.targets(padded)

    def invoke(self, invoke: Invoke, outputs: tuple[str, ...]) -> str:
        """Return the line that calls a function of the model."""
        arguments = [self.spelling.expression(ref.name) for ref in invoke.arguments]
        name = invoke.body.name
        doc = f'"""{doc_line(f"The function ``{one_line(name)}`` of the model.")}"""'
        call = self.call_body(invoke.body, "", arguments, doc)
        return f"{self.results(invoke.body, outputs)} = {call}"

    def owner(self, outputs: tuple[str, ...], otherwise: str) -> str:
        """Return the name from which methods are named: the first result of their node."""
        first = next((self.spelling.names[name] for name in outputs if name), otherwise)
        return first.strip("_")

    def branch(self, branch: Branch, outputs: tuple[str, ...]) -> Iterator[str]:
        """Yield ``if`` and ``else``, each with the call of a body."""
        targets = self.results(branch.then_body, outputs)
        owner = self.owner(outputs, "if")
        yield f"if {self.writer.argument(branch.condition)}:"
        yield f"    {targets} = {self.call_body(branch.then_body, owner, [])}"
        yield "else:"
        yield f"    {targets} = {self.call_body(branch.else_body, owner, [])}"

    def loop(self, loop: Loop, outputs: tuple[str, ...]) -> Iterator[str]:
        """Yield a ``for`` statement around the call of the body."""
        state, scans = self.loop_targets(
            outputs, loop.body.outputs[1:], len(loop.state)
        )
        going = "_" if loop.condition is None else "going"
        initial = [self.spelling.expression(ref.name) for ref in loop.state]
        starts = list(zip(state, initial))
        if loop.condition is not None:
            starts.insert(0, ("going", self.writer.argument(loop.condition)))
        yield from self.start(starts, [item for _, item, _ in scans])
        yield f"for iteration in {self.iterations(loop)}:"
        if loop.condition is not None:
            yield "    if not going:"
            yield "        break"
        condition = "np.bool_(True)" if loop.condition is None else "going"
        call = self.call_body(
            loop.body, self.owner(outputs, "loop"), ["iteration", condition, *state]
        )
        yield f"    {self.plain([going, *state, *(part for _, _, part in scans)])} = {call}"
        for _, item, part in scans:
            yield f"    {item}.append({part})"
        made = self.scan_types(loop.body, 1 + len(loop.state))
        for (target, item, _), kind in zip(scans, made):
            yield self.stacked(target, item, kind, 0, False)

    def iterations(self, loop: Loop) -> str:
        """Spell what a loop walks along: the numbers of its iterations."""
        name = self.uses.kernel(iterations)
        arguments = (
            [] if loop.trip_count is None else [self.writer.argument(loop.trip_count)]
        )
        kind = self.writer.program.types.get(loop.body.inputs[0])
        if isinstance(kind, TensorType) and kind.rank:
            arguments.append(f"ndim={kind.rank}")
        return f"ops.{name}({', '.join(arguments)})"

    def scan(self, scan: Scan, outputs: tuple[str, ...]) -> Iterator[str]:
        """Yield a ``for`` statement over the parts of tensors."""
        state, scans = self.loop_targets(outputs, scan.body.outputs, len(scan.state))
        starts = list(
            zip(state, (self.spelling.expression(ref.name) for ref in scan.state))
        )
        yield from self.start(starts, [item for _, item, _ in scans])
        walked = [
            render_call(
                Call(scan_elements, (i.value,), {
                    k: v for k, v in (("axis", i.axis), ("reverse", i.reverse)) if v
                }),
                self.spelling.expression,
                self.uses,
            )
            for i in scan.inputs
        ]  # fmt: skip
        parts = [
            self.fresh(f"{self.spelling.names[n]}_part")
            for n in scan.body.inputs[len(state) :]
        ]
        source = walked[0] if len(walked) == 1 else f"zip({', '.join(walked)})"
        yield f"for {', '.join(parts)} in {source}:"
        call = self.call_body(scan.body, self.owner(outputs, "scan"), [*state, *parts])
        yield f"    {self.plain([*state, *(part for _, _, part in scans)])} = {call}"
        for _, item, part in scans:
            yield f"    {item}.append({part})"
        made = self.scan_types(scan.body, len(state))
        for (target, item, _), kind, how in zip(scans, made, scan.scans):
            yield self.stacked(target, item, kind, how.axis, how.reverse)

    def map_items(self, mapped: MapItems, outputs: tuple[str, ...]) -> Iterator[str]:
        """Yield a ``for`` statement over the items of sequences."""
        padded = (*outputs, *[""] * (len(mapped.body.outputs) - len(outputs)))
        lists = [
            self.spelling.names[name] if name else self.fresh("unused")
            for name in padded
        ]
        items = [self.fresh(f"{name}_item") for name in lists]
        values = [self.spelling.expression(ref.name) for ref in mapped.inputs]
        walked = [v for v, each in zip(values, mapped.is_sequence) if each]
        parts = [
            self.fresh("part") if each else v
            for v, each in zip(values, mapped.is_sequence)
        ]
        targets = [part for part, each in zip(parts, mapped.is_sequence) if each]
        for name in lists:
            yield self.empty_list(name)
        source = walked[0] if len(walked) == 1 else f"zip({', '.join(walked)})"
        yield f"for {', '.join(targets)} in {source}:"
        yield f"    {', '.join(items)} = {self.call_body(mapped.body, lists[0], parts)}"
        for name, item in zip(lists, items):
            yield f"    {name}.append({item})"

    def scan_types(self, body: Body, start: int) -> list[ValueType | None]:
        """Return the types of one part of each scan output, as far as they are known."""
        promised = (*body.promised, *[None] * len(body.outputs))
        kinds = []
        for value, said in zip(body.outputs[start:], promised[start:]):
            kind = numbers_of(self.writer.program.types.get(value))
            kinds.append(completed(kind, said))
        return kinds

    def loop_targets(
        self, outputs: tuple[str, ...], made: tuple[str, ...], state: int
    ) -> tuple[list[str], list[tuple[str, str, str]]]:
        """Name the state, and for each scan output the result, the list and one item."""
        padded = (*outputs, *[""] * (len(made) - len(outputs)))
        names = [
            self.spelling.names[name] if name else self.fresh("unused")
            for name in padded
        ]
        scans = [
            (
                n,
                self.fresh(f"{n.rstrip('_')}_parts"),
                self.fresh(f"{n.rstrip('_')}_part"),
            )
            for n in names[state:]
        ]
        return names[:state], scans

    def start(self, starts: list[tuple[str, str]], lists: list[str]) -> Iterator[str]:
        """Yield what stands before a loop: the first state, and empty lists."""
        # One assignment: a start value may be what another name is about to lose.
        if starts:
            yield f"{', '.join(t for t, _ in starts)} = {', '.join(v for _, v in starts)}"
        for name in lists:
            yield self.empty_list(name)

    def empty_list(self, name: str) -> str:
        """Return the line that starts a list."""
        return f"{name}: list[{self.uses.typing('Any')}] = []"

    def plain(self, names: list[str]) -> str:
        """Join names."""
        return ", ".join(names)

    def stacked(
        self, target: str, items: str, kind: ValueType | None, axis: int, reverse: bool
    ) -> str:
        """Return the line that stacks what the iterations made."""
        stack = self.uses.kernel(stack_scan_outputs)
        options = f", axis={axis}" if axis else ""
        options += ", reverse=True" if reverse else ""
        return f"{target} = ops.{stack}({items}, {self.empty(kind, axis)}{options})"

    def empty(self, kind: ValueType | None, axis: int) -> str:
        """Spell what a scan output is when there was no iteration."""
        dims: list[int] = []
        dtype = np.dtype(np.float32)  # unknown
        if isinstance(kind, TensorType):
            dtype = DTYPES[kind.dtype]
            dims = [d if isinstance(d, int) else 0 for d in kind.shape or ()]
        place = axis if axis >= 0 else axis + len(dims) + 1
        dims.insert(place, 0)
        return f"np.zeros({literal(tuple(dims))}, {dtype_literal(dtype, self.uses)})"
