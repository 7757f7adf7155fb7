"""Is a graph or a program valid? Every value is defined once, before it is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from ..errors import InternalError
from .blocks import Outline, expanded, without_memory
from .graph import Graph
from .program import (
    Body,
    Call,
    Program,
    Ref,
    Repeat,
    Section,
    Statement,
    bodies_of,
    references,
)


def check(graph: Graph, after: str) -> None:
    """Check a graph and its subgraphs.

    Raises
    ------
    InternalError
        Naming the value and the pass that ``after`` says.
    """
    _check(graph, set(), after)


def _check(graph: Graph, outer: set[str], after: str) -> None:
    # One set for all scopes, taken back at the end: copying it would be quadratic.
    added: list[str] = []

    def define(name: str) -> None:
        if name in outer:
            raise InternalError(f"after {after}: {name!r} is defined twice")
        outer.add(name)
        added.append(name)

    for name in {*graph.inputs, *graph.constants, *graph.defaults}:
        define(name)
    for node in graph.nodes:
        for name in node.inputs:
            if name and name not in outer:
                raise InternalError(
                    f"after {after}: {node.label} reads {name!r}, which is undefined"
                )
        for subgraph in node.subgraphs.values():
            _check(subgraph, outer, after)
        for name in node.outputs:
            if name:
                define(name)
    for name in graph.outputs:
        if name not in outer:
            raise InternalError(f"after {after}: output {name!r} is undefined")
    outer.difference_update(added)


def check_program(program: Program, after: str) -> None:
    """Check a program, its setup and its bodies: nothing reads a value that was freed either.

    Raises
    ------
    InternalError
        Naming the value and the step that ``after`` says.
    """
    setup = _Scope(after, "the setup")
    setup.define(program.weights)
    setup.block(program.setup, ())
    calls = _Scope(after, "the calls", setup.defined)
    calls.define(program.inputs)
    calls.block(program.statements, program.outputs)
    if program.outline is not None:
        _check_outline(program, program.outline, after, setup.defined)


def _check_outline(
    program: Program, outline: Outline, after: str, fixed: set[str]
) -> None:
    """Check that an outline stands for the statements of a program, and frees what it holds."""
    flat = tuple(map(without_memory, program.statements))
    if expanded(outline) != flat:
        raise InternalError(f"after {after}: the outline is of other statements")
    calls = _Scope(after, "the outline", fixed)
    calls.define(program.inputs)
    calls.block(outline.statements, program.outputs)
    for block in outline.blocks.values():
        given = {*block.weights, *block.settings}
        inside = _Scope(after, f"block {block.name}", given, made={*block.inputs})
        inside.define(block.inputs)
        inside.block(block.statements, block.outputs)


@dataclass
class _Scope:
    """The values that statements can read, while they run one by one."""

    after: str
    where: str
    fixed: set[str] = field(default_factory=set)
    """Weights, and what the setup makes of them: bodies read them without capturing them."""
    defined: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)
    """What can be freed: the results of statements, not values held elsewhere."""
    gone: set[str] = field(default_factory=set)
    """What was freed, or overwritten by another result."""

    def block(self, statements: Sequence[Statement], outputs: Sequence[str]) -> None:
        """Run statements, then return ``outputs``."""
        for statement in statements:
            self.run(statement)
        for name in outputs:
            self.read(name, "is returned")

    def run(self, statement: Statement) -> None:
        """Read what a statement reads, define what it makes, and free what it frees."""
        if isinstance(statement.operation, Repeat):
            self.rounds(statement.operation, statement.outputs)
            statement = replace(statement, outputs=())
        label = f"is read by {statement.nodes[-1] if statement.nodes else 'a call'}"
        for name in references(statement.operation):
            self.read(name, label)
        for body in bodies_of(statement.operation):
            self.enter(body, frees=isinstance(statement.operation, Section))
        call = statement.operation
        out = call.kwargs.get("out") if isinstance(call, Call) else None
        if isinstance(out, Ref):
            self.free(out.name)
        self.define(statement.outputs)
        self.made.update(statement.outputs)
        for name in statement.frees:
            self.free(name)

    def rounds(self, loop: Repeat, outputs: tuple[str, ...]) -> None:
        """Define what the rounds of a loop make; each reads what those before it made."""
        count = len(outputs) // len(loop.rounds)
        for number, arguments in enumerate(loop.rounds):
            for ref in arguments:
                self.read(ref.name, f"is read by a round of {loop.block}")
            made = outputs[number * count : (number + 1) * count]
            self.define(made)
            self.made.update(made)

    def enter(self, body: Body, *, frees: bool) -> None:
        """Run a body, which sees nothing but what it captures, its inputs and what is fixed.

        If it ``frees`` what it captures, the statement that it belongs to does so again.
        """
        for name in body.captures:
            self.read(name, f"is captured by {body.name}")
        inside = _Scope(self.after, body.name, self.fixed, defined={*body.captures})
        inside.made.update(body.captures if frees else ())
        inside.define(body.inputs)
        inside.block(body.statements, body.outputs)

    def read(self, name: str, how: str) -> None:
        if name in self.gone:
            self.fail(name, f"{how} after it was freed or overwritten")
        if name and name not in self.defined and name not in self.fixed:
            self.fail(name, f"{how}, but it is undefined")

    def define(self, names: Iterable[str]) -> None:
        for name in names:
            if name in self.defined or name in self.fixed:
                self.fail(name, "is defined twice")
            if name:
                self.defined.add(name)

    def free(self, name: str) -> None:
        if name not in self.made or name in self.gone:
            self.fail(name, "is freed, but not held")
        self.gone.add(name)

    def fail(self, name: str, what: str) -> None:
        raise InternalError(f"after {self.after}: in {self.where}, {name!r} {what}")
