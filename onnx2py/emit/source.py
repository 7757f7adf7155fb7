"""Statements of a program as lines of Python."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import InternalError
from ..ir.program import (
    Argument,
    Body,
    Branch,
    Call,
    Invoke,
    Loop,
    MapItems,
    Program,
    Scan,
    Statement,
    references,
)
from ..ir.types import DTYPES, TensorType, ValueType, completed, numbers_of
from ..kernels.control_flow import elements, iterations, stack_scans
from ..plan.names import snake_case, unique_name
from ..plan.traverse import read_in_calls
from .literals import dtype_literal, literal, render_call, render_number
from .text import WIDTH, comment, one_line
from .words import doc_line


@dataclass
class SourceWriter:
    """Writes the statements of one program; collects the bodies and kernels that they call."""

    program: Program
    names: Mapping[str, str]
    """The Python name of every value."""
    weights: Mapping[str, str]
    """The expression for every weight: ``self.name`` or a literal."""
    taken: dict[str, int]
    kernels: set[Callable[..., Any]] = field(default_factory=set)
    bodies: list[str] = field(default_factory=list)
    calls: int = 0
    methods: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """The name of the method for each body, by what it reads."""
    method_of: dict[int, str] = field(default_factory=dict)
    """The name of the method for each body, by its identity."""

    def spell(self, value: str) -> str:
        """Return the expression for a value."""
        return self.weights.get(value) or self.target_name(value)

    def target_name(self, value: str) -> str:
        """Return the target of a value: an attribute if calls read a value of the setup."""
        return f"self.{self.names[value]}" if value in self.fixed else self.names[value]

    @cached_property
    def fixed(self) -> frozenset[str]:
        """The values of the setup that calls read."""
        return read_in_calls(self.program)

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
        elif isinstance(operation, Branch):
            yield from self.branch(operation, statement.outputs)
        elif isinstance(operation, Loop):
            yield from self.loop(operation, statement.outputs)
        elif isinstance(operation, Scan):
            yield from self.scan(operation, statement.outputs)
        elif isinstance(operation, Invoke):
            yield self.invoke(operation, statement.outputs)
        else:
            yield from self.map_items(operation, statement.outputs)
        if statement.frees:
            yield f"del {', '.join(self.names[name] for name in statement.frees)}"

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
            if not self.weights.get(name, "self.").startswith("self.")
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
        return f"{self.targets(padded)} = {expression}"

    def expression(self, call: Call) -> str:
        """Spell a call, and note its kernel."""
        if not isinstance(call.function, str) and call.function.__module__.startswith(
            "onnx2py."
        ):
            self.kernels.add(call.function)
        return render_call(call, self.spell)

    def target(self, output: str, call: Call) -> str:
        """Annotate an output of the model that NumPy's own annotations leave open."""
        name = self.target_name(output) if output else "_"
        kernel = not isinstance(call.function, str) and call.function in self.kernels
        kind = self.program.types.get(output)
        if kernel or output not in self.program.outputs or output in self.fixed:
            return name
        return f"{name}: {annotation(kind)}"

    def targets(self, outputs: tuple[str, ...]) -> str:
        """Spell the left side of an assignment of a tuple."""
        names = [self.target_name(name) if name else "_" for name in outputs]
        return f"({names[0]},)" if len(names) == 1 else ", ".join(names)

    # ------------------------------------------------------------------ control flow

    def call_body(
        self, body: Body, owner: str, arguments: list[str], doc: str = ""
    ) -> str:
        """Write a body as a method; return its call with ``arguments`` and what it captures.

        A body that reads the same as an earlier one is that one's method.
        """
        inputs = [self.names[name] for name in body.inputs]
        captures = [self.names[n] for n in body.captures if n not in self.fixed]
        position, calls = len(self.bodies), self.calls
        self.bodies.append("")
        statements = self.block(body.statements)
        results = [self.spell(name) for name in body.outputs]
        returned = results[0] if len(results) == 1 else f"({', '.join(results)})"
        parameters = ", ".join(
            ["self", *(f"{name}: Any" for name in (*inputs, *captures))]
        )
        lines = [doc, statements, f"\nreturn {returned}"]
        content = textwrap.indent("\n".join(filter(None, lines)), "    ")
        text = f"({parameters}) -> Any:\n{content}"
        key = (owner, body.name, text)
        if key in self.methods:
            del self.bodies[position:]
            self.calls = calls
        else:
            name = snake_case(f"{owner}_{body.name}") or "function"
            self.methods[key] = self.fresh(f"_{name}")
            self.bodies[position] = f"def {self.methods[key]}{text}"
        method = self.method_of[id(body)] = self.methods[key]
        return f"self.{method}({', '.join([*arguments, *captures])})"

    def invoke(self, invoke: Invoke, outputs: tuple[str, ...]) -> str:
        """Return the line that calls a function of the model."""
        arguments = [self.spell(ref.name) for ref in invoke.arguments]
        count = len(invoke.body.outputs)
        targets = self.targets((*outputs, *[""] * (count - len(outputs))))
        targets = targets.strip("(,)") if count == 1 else targets
        name = invoke.body.name
        doc = f'"""{doc_line(f"The function ``{one_line(name)}`` of the model.")}"""'
        return f"{targets} = {self.call_body(invoke.body, '', arguments, doc)}"

    def owner(self, outputs: tuple[str, ...], otherwise: str) -> str:
        """Return the name from which methods are named: the first result of their node."""
        first = next((self.names[name] for name in outputs if name), otherwise)
        return first.strip("_")

    def fresh(self, name: str) -> str:
        """Return a name that nothing else has."""
        return unique_name(name, self.taken)

    def branch(self, branch: Branch, outputs: tuple[str, ...]) -> Iterator[str]:
        """Yield ``if`` and ``else``, each with the call of a body."""
        count = len(branch.then_body.outputs)
        targets = self.targets((*outputs, *[""] * (count - len(outputs))))
        targets = targets.strip("(,)") if count == 1 else targets
        owner = self.owner(outputs, "if")
        yield f"if {self.argument(branch.condition)}:"
        yield f"    {targets} = {self.call_body(branch.then_body, owner, [])}"
        yield "else:"
        yield f"    {targets} = {self.call_body(branch.else_body, owner, [])}"

    def loop(self, loop: Loop, outputs: tuple[str, ...]) -> Iterator[str]:
        """Yield a ``for`` statement around the call of the body."""
        state, scans = self.loop_targets(
            outputs, loop.body.outputs[1:], len(loop.state)
        )
        going = "_" if loop.condition is None else "going"
        initial = [self.spell(ref.name) for ref in loop.state]
        starts = list(zip(state, initial))
        if loop.condition is not None:
            starts.insert(0, ("going", self.argument(loop.condition)))
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
        self.kernels.add(iterations)
        arguments = [] if loop.trip_count is None else [self.argument(loop.trip_count)]
        kind = self.program.types.get(loop.body.inputs[0])
        if isinstance(kind, TensorType) and kind.rank:
            arguments.append(f"ndim={kind.rank}")
        return f"ops.iterations({', '.join(arguments)})"

    def scan(self, scan: Scan, outputs: tuple[str, ...]) -> Iterator[str]:
        """Yield a ``for`` statement over the parts of tensors."""
        state, scans = self.loop_targets(outputs, scan.body.outputs, len(scan.state))
        self.kernels.add(elements)
        starts = list(zip(state, (self.spell(ref.name) for ref in scan.state)))
        yield from self.start(starts, [item for _, item, _ in scans])
        walked = [
            render_call(
                Call(elements, (i.value,), {
                    k: v for k, v in (("axis", i.axis), ("reverse", i.reverse)) if v
                }),
                self.spell,
            )
            for i in scan.inputs
        ]  # fmt: skip
        parts = [
            self.fresh(f"{self.names[n]}_part") for n in scan.body.inputs[len(state) :]
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
        lists = [self.names[name] if name else self.fresh("unused") for name in padded]
        items = [self.fresh(f"{name}_item") for name in lists]
        values = [self.spell(ref.name) for ref in mapped.inputs]
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
            kind = numbers_of(self.program.types.get(value))
            kinds.append(completed(kind, said))
        return kinds

    def loop_targets(
        self, outputs: tuple[str, ...], made: tuple[str, ...], state: int
    ) -> tuple[list[str], list[tuple[str, str, str]]]:
        """Name the state, and for each scan output the result, the list and one item."""
        padded = (*outputs, *[""] * (len(made) - len(outputs)))
        names = [self.names[name] if name else self.fresh("unused") for name in padded]
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
        self.kernels.add(stack_scans)
        options = f", axis={axis}" if axis else ""
        options += ", reverse=True" if reverse else ""
        return f"{target} = ops.stack_scans({items}, {self.empty(kind, axis)}{options})"

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

    def argument(self, value: Argument) -> str:
        """Spell an argument outside a call."""
        return render_number(value, self.spell)


def annotation(kind: ValueType | None) -> str:
    """Spell the annotation of a value: ``NDArray[np.float32]``."""
    if isinstance(kind, TensorType):
        scalar = dtype_literal(DTYPES[kind.dtype])
        return f"NDArray[{scalar if scalar.startswith('np.') else 'Any'}]"
    return "Any"


def shaped_annotation(kind: ValueType | None) -> str:
    """Spell the annotation of an input or output, with its shape: as jaxtyping writes it."""
    if not isinstance(kind, TensorType):
        return annotation(kind)
    if kind.shape is None:
        return f'Annotated[{annotation(kind)}, "..."]'
    dims = " ".join("_" if d is None else str(d).replace(" ", "") for d in kind.shape)
    return f"Annotated[{annotation(kind)}, {literal(dims)}]"
