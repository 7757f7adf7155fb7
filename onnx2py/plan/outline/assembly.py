"""Windows -> blocks: what differs between statements that are alike becomes a parameter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...ir.blocks import (
    Application,
    Block,
    BodyNotes,
    Instance,
    Notes,
    Outline,
    key_of,
    mapped,
)
from ...ir.program import Apply, Program, Ref, Statement, bodies_of, references, walk
from ...ir.types import TensorType, ValueType, tensor_type_of
from .columns import Columns, Row, UniformWeights
from .frees import with_memory
from .scopes import Path, common
from .windows import ABSENT, Window, same, windows_in


def blocks_of(program: Program, statements: tuple[Statement, ...]) -> Outline:
    """Return the outline of a program whose statements were gathered into windows.

    Raises
    ------
    InternalError
        If windows of one block are not alike.
    """
    return _Builder(program, statements).outline()


class _Builder:
    def __init__(self, program: Program, statements: tuple[Statement, ...]) -> None:
        self.program, self.statements = program, statements
        made = (name for s in program.setup for name in s.outputs)
        self.constants = {*program.weights, *made, ABSENT}
        self.is_uniform = UniformWeights(program.weights)
        self.reads = _reads(statements) + Counter(program.outputs)
        self.applied: dict[int, Statement] = {}
        """What stands for a window, by its identity."""
        self.instance_of: dict[int, tuple[str, int]] = {}
        """Block and instance of such a statement."""

    def outline(self) -> Outline:
        by_block: dict[str, list[Window]] = {}
        for window in windows_in(self.statements):
            by_block.setdefault(window.block, []).append(window)
        blocks = {}
        for name in _inner_first(by_block):
            blocks[name] = self.block(name, by_block[name])
        return Outline(tuple(self.converted(self.statements)), blocks)

    def converted(self, statements: Iterable[Statement]) -> Iterator[Statement]:
        """Yield statements with calls of blocks in place of windows."""
        for statement in statements:
            operation = statement.operation
            if isinstance(operation, Window):
                yield self.applied[id(operation)]
            elif bodies_of(operation):
                inner = mapped(operation, same, same, self.converted)
                yield replace(statement, operation=inner)
            else:
                yield statement

    def block(self, name: str, windows: Sequence[Window]) -> Block:
        rows = [Row(w, tuple(self.converted(w.statements))) for w in windows]
        first = rows[0]
        columns = Columns(rows, self.constants, self.is_uniform)
        template = tuple(columns.statements())
        outputs = self.outputs(rows)
        template, freed = with_memory(template, rows, outputs)
        instances: dict[Any, int] = {}
        kept: list[Instance] = []
        applications: list[Application] = []
        for row, frees in zip(rows, freed):
            inner = [self.instance_of.get(id(s)) for s in walk(row.statements)]
            settings = ((k, key_of(v)) for k, v in row.settings.items())
            own_weights = tuple(row.weights.items())
            module = row.window.attribute
            apart = self.apart(row)
            key = (own_weights, tuple(settings), tuple(inner), apart, module)
            number = instances.setdefault(key, len(instances))
            if number == len(kept):
                kept.append(Instance(row.weights, row.settings, module))
            values = (row.passed.get(name, name) for name in row.names)
            own = dict(zip(first.names, values))
            given = dict(zip(columns.inputs, columns.given(len(applications))))
            notes = tuple(_notes(row.statements))
            absent = frozenset(row.local[name] for name in row.passed)
            applied = Application(number, {**given, **own}, notes, absent)
            applications.append(applied)
            apply = Statement(
                Apply(name, tuple(Ref(given[x]) for x in columns.inputs), module),
                tuple(row.names[first.place[x]] for x in outputs),
                (),
                frees=frees,
            )
            self.applied[id(row.window)] = apply
            self.instance_of[id(apply)] = (name, number)
        return Block(
            name,
            columns.inputs,
            outputs,
            tuple(first.weights),
            tuple(first.settings),
            template,
            tuple(kept),
            tuple(applications),
            self.types(first, columns, rows, applications),
        )

    def apart(self, row: Row) -> Path:
        """Return the module that tells it from instances whose weights are equal by chance."""
        if row.weights and all(map(self.is_uniform, row.weights.values())):
            return common(s.scopes for s in walk(row.statements) if s.scopes)
        return ()

    def outputs(self, rows: Sequence[Row]) -> tuple[str, ...]:
        """Return the results that are read outside in any window, by their names in the first."""
        places: set[int] = set()
        for row in rows:
            inside = _reads(row.window.statements)
            made = (o for s in row.statements for o in s.outputs if o)
            places.update(row.place[o] for o in made if self.reads[o] > inside[o])
        return tuple(rows[0].names[i] for i in sorted(places))

    def types(
        self,
        first: Row,
        columns: Columns,
        rows: Sequence[Row],
        applications: Sequence[Application],
    ) -> dict[str, ValueType]:
        """Return the types that the values and weights of a block have in all applications."""
        joined: dict[str, ValueType] = {}
        for name in (*columns.inputs, *filter(None, first.names)):
            kinds = [self.type(a.values[name]) for a in applications]
            joined.update(_joined(name, kinds))
        for name in first.weights:
            weights = filter(None, (row.weights[name] for row in rows))
            joined.update(_joined(name, [*map(self.type, weights)]))
        return joined

    def type(self, name: str) -> ValueType | None:
        array = self.program.weights.get(name)
        return self.program.types.get(name) if array is None else tensor_type_of(array)


def _notes(statements: Iterable[Statement]) -> Iterator[Notes]:
    for statement in statements:
        if isinstance(statement.operation, Apply):
            continue
        bodies = bodies_of(statement.operation)
        own = tuple(BodyNotes(body.name, body.promised) for body in bodies)
        yield Notes(statement.nodes, statement.literals, statement.scopes, own)
        for body in bodies:
            yield from _notes(body.statements)


def _inner_first(by_block: Mapping[str, Sequence[Window]]) -> Iterator[str]:
    """Yield the names of blocks, each after those that it calls."""
    done: set[str] = set()

    def visit(name: str) -> Iterator[str]:
        if name in done:
            return
        done.add(name)
        for window in by_block[name]:
            for inner in windows_in(window.statements):
                yield from visit(inner.block)
        yield name

    for name in by_block:
        yield from visit(name)


def _reads(statements: Iterable[Statement]) -> Counter[str]:
    """Count how often each value is read, in windows and bodies too."""
    found: Counter[str] = Counter()
    waiting = [*statements]
    while waiting:
        operation = waiting.pop().operation
        if isinstance(operation, Window):
            waiting.extend(operation.statements)
            continue
        found.update(references(operation))
        for body in bodies_of(operation):
            found.update(body.outputs)
            waiting.extend(body.statements)
    return found


def _joined(
    name: str, kinds: Sequence[ValueType | None]
) -> Iterator[tuple[str, ValueType]]:
    """Yield the type of a name that has several, if they have a common one."""
    first = kinds[0]
    if first is None or any(type(kind) is not type(first) for kind in kinds):
        return
    if all(kind == first for kind in kinds):
        yield name, first
    elif isinstance(first, TensorType):
        tensors = [kind for kind in kinds if isinstance(kind, TensorType)]
        if len({kind.dtype for kind in tensors}) == 1:
            shapes = [kind.shape for kind in tensors if kind.shape is not None]
            same_rank = len(shapes) == len(tensors) == len(shapes)
            if same_rank and len({len(shape) for shape in shapes}) == 1:
                dims = (
                    column[0] if len(set(column)) == 1 else None
                    for column in zip(*shapes)
                )
                yield name, TensorType(first.dtype, tuple(dims))
            else:
                yield name, TensorType(first.dtype, None)
