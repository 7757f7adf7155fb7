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
from .names import snake_case, unique_name
from .text import one_line
from .words import doc_line

if TYPE_CHECKING:
    from .source import SourceWriter


class ControlFlow:
    """Writes operations that have bodies, for the writer of all statements."""

    def __init__(self, writer: SourceWriter) -> None:
        self.writer = writer

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
        inputs = [self.writer.names[name] for name in body.inputs]
        captures = [
            self.writer.names[n] for n in body.captures if n not in self.writer.fixed
        ]
        position, calls = len(self.writer.bodies), self.writer.calls
        self.writer.bodies.append("")
        statements = self.writer.block(body.statements)
        results = [self.writer.spell(name) for name in body.outputs]
        returned = results[0] if len(results) == 1 else f"({', '.join(results)})"
        parameters = ", ".join(
            ["self", *(f"{name}: Any" for name in (*inputs, *captures))]
        )
        lines = [doc, statements, f"\nreturn {returned}"]
        content = textwrap.indent("\n".join(filter(None, lines)), "    ")
        text = f"({parameters}) -> Any:\n{content}"
        key = (owner, body.name, text)
        if key in self.writer.methods:
            del self.writer.bodies[position:]
            self.writer.calls = calls
        else:
            name = snake_case(f"{owner}_{body.name}") or "function"
            self.writer.methods[key] = self.fresh(f"_{name}")
            self.writer.bodies[position] = f"def {self.writer.methods[key]}{text}"
        method = self.writer.method_of[id(body)] = self.writer.methods[key]
        return f"self.{method}({', '.join([*arguments, *captures])})"

    def invoke(self, invoke: Invoke, outputs: tuple[str, ...]) -> str:
        """Return the line that calls a function of the model."""
        arguments = [self.writer.spell(ref.name) for ref in invoke.arguments]
        count = len(invoke.body.outputs)
        targets = self.writer.targets((*outputs, *[""] * (count - len(outputs))))
        targets = targets.strip("(,)") if count == 1 else targets
        name = invoke.body.name
        doc = f'"""{doc_line(f"The function ``{one_line(name)}`` of the model.")}"""'
        return f"{targets} = {self.call_body(invoke.body, '', arguments, doc)}"

    def owner(self, outputs: tuple[str, ...], otherwise: str) -> str:
        """Return the name from which methods are named: the first result of their node."""
        first = next((self.writer.names[name] for name in outputs if name), otherwise)
        return first.strip("_")

    def fresh(self, name: str) -> str:
        """Return a name that nothing else has."""
        return unique_name(name, self.writer.taken)

    def branch(self, branch: Branch, outputs: tuple[str, ...]) -> Iterator[str]:
        """Yield ``if`` and ``else``, each with the call of a body."""
        count = len(branch.then_body.outputs)
        targets = self.writer.targets((*outputs, *[""] * (count - len(outputs))))
        targets = targets.strip("(,)") if count == 1 else targets
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
        initial = [self.writer.spell(ref.name) for ref in loop.state]
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
        self.writer.kernels.add(iterations)
        arguments = (
            [] if loop.trip_count is None else [self.writer.argument(loop.trip_count)]
        )
        kind = self.writer.program.types.get(loop.body.inputs[0])
        if isinstance(kind, TensorType) and kind.rank:
            arguments.append(f"ndim={kind.rank}")
        return f"ops.iterations({', '.join(arguments)})"

    def scan(self, scan: Scan, outputs: tuple[str, ...]) -> Iterator[str]:
        """Yield a ``for`` statement over the parts of tensors."""
        state, scans = self.loop_targets(outputs, scan.body.outputs, len(scan.state))
        self.writer.kernels.add(scan_elements)
        starts = list(zip(state, (self.writer.spell(ref.name) for ref in scan.state)))
        yield from self.start(starts, [item for _, item, _ in scans])
        walked = [
            render_call(
                Call(scan_elements, (i.value,), {
                    k: v for k, v in (("axis", i.axis), ("reverse", i.reverse)) if v
                }),
                self.writer.spell,
            )
            for i in scan.inputs
        ]  # fmt: skip
        parts = [
            self.fresh(f"{self.writer.names[n]}_part")
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
            self.writer.names[name] if name else self.fresh("unused") for name in padded
        ]
        items = [self.fresh(f"{name}_item") for name in lists]
        values = [self.writer.spell(ref.name) for ref in mapped.inputs]
        walked = [v for v, each in zip(values, mapped.is_sequence) if each]
        parts = [
            self.fresh("part") if each else v
            for v, each in zip(values, mapped.is_sequence)
        ]
        targets = [part for part, each in zip(parts, mapped.is_sequence) if each]
        for name in lists:
            yield f"{name}: list[Any] = []"
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
            self.writer.names[name] if name else self.fresh("unused") for name in padded
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
            yield f"{name}: list[Any] = []"

    def plain(self, names: list[str]) -> str:
        """Join names."""
        return ", ".join(names)

    def stacked(
        self, target: str, items: str, kind: ValueType | None, axis: int, reverse: bool
    ) -> str:
        """Return the line that stacks what the iterations made."""
        self.writer.kernels.add(stack_scan_outputs)
        options = f", axis={axis}" if axis else ""
        options += ", reverse=True" if reverse else ""
        return f"{target} = ops.stack_scan_outputs({items}, {self.empty(kind, axis)}{options})"

    def empty(self, kind: ValueType | None, axis: int) -> str:
        """Spell what a scan output is when there was no iteration."""
        dims: list[int] = []
        dtype = np.dtype(np.float32)  # unknown
        if isinstance(kind, TensorType):
            dtype = DTYPES[kind.dtype]
            dims = [d if isinstance(d, int) else 0 for d in kind.shape or ()]
        place = axis if axis >= 0 else axis + len(dims) + 1
        dims.insert(place, 0)
        return f"np.zeros({literal(tuple(dims))}, {dtype_literal(dtype)})"
