"""What the search looks at: sequences of items.

The statements of the program are one sequence, those of each body another, and so are those of a
block, which stand for the statements of all its applications at once.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...ir.blocks import mapped
from ...ir.program import (
    Call,
    Operation,
    Program,
    Statement,
    bodies_of,
    count_taken,
)
from ...ir.types import TensorType, ValueType, tensor_type_of
from ...traits.kernels import kernel_traits
from .items import Chosen, Item, Line, without
from .scopes import Path, paths_of
from .tokens import form_of
from .tree import ModuleTree, module_of, statements_of
from .windows import Window

LINES = 3
"""What a call takes in the file: a comment, itself and a free line."""
CLASS = 11
"""What a class takes in the file around its statements."""


class Pool:
    """All sequences of a program."""

    def __init__(self, program: Program, tree: ModuleTree | None = None) -> None:
        self.tree = tree
        self.constants = _constants(program)
        self.numbers: dict[Hashable, int] = {}
        """A number for all that is alike."""
        self.main = self.line(program.statements, program.outputs, ())
        self.blocks: list[Chosen] = []

    def line(
        self, statements: Sequence[Statement], outputs: Iterable[str], outer: Path
    ) -> Line:
        """Return the sequence of some statements, and those of their bodies."""
        find = paths_of if self.tree is None else self.tree.paths
        paths = (path or outer for path in find(statements))
        items = [self.item(s, path) for s, path in zip(statements, paths)]
        return Line(items, frozenset(outputs))

    def lines(self) -> Iterator[Line]:
        """Yield all sequences: those of blocks, which stand in their callers as one item, last."""
        yield from _with_inner(self.main)
        for block in self.blocks:
            yield from _with_inner(block.line)

    def item(self, statement: Statement, path: Path) -> Item:
        """Return the item of one statement."""
        operation = statement.operation
        form = form_of(operation, self.constants)
        called = operation.function if isinstance(operation, Call) else None
        steps = 1 if called is None else kernel_traits(called).steps
        steps += count_taken(operation)
        bodies = [
            self.line(b.statements, b.outputs, path) for b in bodies_of(operation)
        ]
        names = [name for body in bodies_of(operation) for name in body.inputs]
        inner = [item for body in bodies for item in body.items]
        reads, weights, literals = [*form.reads], form.weights, form.literals
        for item in inner:
            reads.extend(item.reads)
            weights.extend(item.weights)
            names.extend(item.makes)
        for body in bodies_of(operation):
            reads.extend(body.outputs)
        return Item(
            (form.key, len(statement.outputs)),
            tuple(form.reads),
            tuple(reads),
            (*statement.outputs, *names),
            tuple(weights),
            tuple(literals),
            path,
            LINES * steps if statement.nodes else LINES * steps - 1,
            steps,
            statements=[statement],
            bodies=bodies,
        )

    def token(self, item: Item) -> int:
        """Return a number that is the same for all items that are alike but for data flow."""
        key: Hashable
        if item.block is not None:
            key = item.block.name
        elif item.bodies:
            bodies = (tuple(map(self.token, body.items)) for body in item.bodies)
            key = (item.key, *bodies)
        else:
            key = item.key
        return self.numbers.setdefault(key, len(self.numbers))

    def dissolve(self) -> None:
        """Take back blocks that are hardly more than a call of another, once that was found."""
        for block in [*self.blocks]:
            runs = 0
            calls = 0
            for line in self.lines():
                before = None
                for item in line.items:
                    calls += item.block is block
                    runs += item.block is block and before is not block
                    before = item.block
            lines = sum(item.all_lines for item in block.line.items)
            if (calls - 1) * lines < CLASS + LINES * runs:
                self.blocks.remove(block)
                for line in (*self.lines(), *_with_inner(block.line)):
                    line.items[:] = without(block, line.items)

    def size(self) -> int:
        """Return how many lines all sequences take, with the classes around blocks."""
        items = sum(i.lines for line in self.lines() for i in line.items)
        return items + CLASS * len(self.blocks)

    def statements(self) -> tuple[Statement, ...]:
        """Return the statements of the program, gathered into windows."""
        return tuple(self._statements(self.main, 0))

    def _statements(self, line: Line, number: int) -> Iterator[Statement]:
        """Yield the statements of one application of a sequence, in windows."""
        for item in line.items:
            if item.block is not None:
                yield Statement(self._window(item.block, item.numbers[number]), (), ())
            elif item.bodies:
                yield self._with_bodies(item.statements[number], item.bodies, number)
            else:
                yield item.statements[number]

    def _window(self, block: Chosen, number: int) -> Window:
        inside = tuple(self._statements(block.line, number))
        module = ""
        if self.tree is not None:
            flat = statements_of(block.line.items, number)
            module = module_of(self.tree, flat, block.leaf)
        return Window(block.name, (), module, statements=inside)

    def _with_bodies(
        self, statement: Statement, lines: Sequence[Line], number: int
    ) -> Statement:
        """Return a statement with the windows in its bodies."""
        bodies = iter(lines)
        operation: Operation = mapped(
            statement.operation,
            lambda argument: argument,
            lambda name: name,
            lambda _: self._statements(next(bodies), number),
        )
        return replace(statement, operation=operation)


def _with_inner(line: Line) -> Iterator[Line]:
    yield line
    for item in line.items:
        for body in item.bodies:
            yield from _with_inner(body)


def _constants(program: Program) -> Mapping[str, Any]:
    """Return the weights and what the setup makes: their types and how many axes they have."""
    kinds: dict[str, ValueType | None]
    kinds = {name: tensor_type_of(array) for name, array in program.weights.items()}
    made = (name for statement in program.setup for name in statement.outputs)
    kinds.update((name, program.types.get(name)) for name in made)
    return {name: ("weight", _rank(kind)) for name, kind in kinds.items()}


def _rank(kind: ValueType | None) -> Any:
    if not isinstance(kind, TensorType):
        return None
    return (kind.dtype, kind.shape and len(kind.shape))
