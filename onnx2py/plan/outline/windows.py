"""Windows -> blocks: what differs between statements that are alike becomes a parameter.

A window is a run of statements that the search has chosen; windows of one block are alike: the
same operations, whose arguments are the same results of the window or come from outside in all
of them. Each place of an argument is a column over the windows (rule G6): columns of values
become inputs, columns of constants weights, columns of literals settings if they are not equal.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from ...errors import InternalError
from ...ir.blocks import (
    Application,
    Block,
    BodyNotes,
    Chosen,
    Instance,
    Kernel,
    Notes,
    Outline,
    Setting,
    has_references,
    key_of,
    mapped,
    mapped_statement,
    without_memory,
)
from ...ir.graph import new_name
from ...ir.memory import is_uniform
from ...ir.program import (
    Apply,
    Argument,
    Call,
    Operation,
    Program,
    Ref,
    Statement,
    bodies_of,
    references,
    walk,
)
from ...ir.types import TensorType, ValueType, tensor_type_of
from ...traits.kernels import kernel_traits
from .scopes import Path, common


@dataclass(frozen=True)
class Window(Apply):
    """A run of statements that becomes a call of a block; ``block`` is its name."""

    statements: tuple[Statement, ...] = ()


ABSENT = ""
"""In place of the constants of a call that a window leaves out."""


@dataclass(frozen=True)
class Passing:
    """The function of a call that a window leaves out: it returns its first argument."""

    __name__ = "passing"

    def __call__(self, x: Any, *_: Any) -> Any:
        """Return the first argument."""
        return x


def blocks_of(program: Program, statements: tuple[Statement, ...]) -> Outline:
    """Return the outline of a program whose statements were gathered into windows.

    Raises
    ------
    InternalError
        If windows of one block are not alike.
    """
    return _Builder(program, statements).outline()


@dataclass
class _Row:
    """One window, whose inner windows are calls of blocks already."""

    window: Window
    statements: tuple[Statement, ...]
    names: list[str] = field(default_factory=list)
    """What its statements define, in order, the inputs of bodies too."""
    slots: list[Argument] = field(default_factory=list)
    """References and literals, in order."""
    local: dict[str, str] = field(default_factory=dict)
    """What the block calls a value."""
    weights: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Setting] = field(default_factory=dict)

    @cached_property
    def place(self) -> dict[str, int]:
        """The place of what is defined."""
        return {name: i for i, name in enumerate(self.names) if name}

    @cached_property
    def passed(self) -> dict[str, str]:
        """What the results of calls that are left out stand for."""
        calls = ((s.operation, s.outputs[0]) for s in self.statements if is_passing(s))
        return {output: next(references(operation)) for operation, output in calls}


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
        for window in _windows(self.statements):
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
                same = mapped(operation, _same, _same, self.converted)
                yield replace(statement, operation=same)
            else:
                yield statement

    def block(self, name: str, windows: Sequence[Window]) -> Block:
        rows = [_Row(w, tuple(self.converted(w.statements))) for w in windows]
        first = rows[0]
        columns = _Columns(rows, self.constants, self.is_uniform)
        template = tuple(columns.statements())
        outputs = self.outputs(rows)
        template, freed = _memory(template, rows, outputs)
        instances: dict[Any, int] = {}
        kept: list[Instance] = []
        applications: list[Application] = []
        for row, frees in zip(rows, freed):
            inner = [self.instance_of.get(id(s)) for s in walk(row.statements)]
            settings = ((k, key_of(v)) for k, v in row.settings.items())
            own_weights = tuple(row.weights.items())
            key = (own_weights, tuple(settings), tuple(inner), self.apart(row))
            number = instances.setdefault(key, len(instances))
            if number == len(kept):
                kept.append(Instance(row.weights, row.settings))
            values = (row.passed.get(name, name) for name in row.names)
            own = dict(zip(first.names, values))
            given = dict(zip(columns.inputs, columns.given(len(applications))))
            notes = tuple(_notes(row.statements))
            absent = frozenset(row.local[name] for name in row.passed)
            applied = Application(number, {**given, **own}, notes, absent)
            applications.append(applied)
            apply = Statement(
                Apply(name, tuple(Ref(given[x]) for x in columns.inputs)),
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

    def apart(self, row: _Row) -> Path:
        """Return the module that tells it from instances whose weights are equal by chance."""
        if row.weights and all(map(self.is_uniform, row.weights.values())):
            return common(s.scopes for s in walk(row.statements) if s.scopes)
        return ()

    def outputs(self, rows: Sequence[_Row]) -> tuple[str, ...]:
        """Return the results that are read outside in any window, by their names in the first."""
        places: set[int] = set()
        for row in rows:
            inside = _reads(row.window.statements)
            made = (o for s in row.statements for o in s.outputs if o)
            places.update(row.place[o] for o in made if self.reads[o] > inside[o])
        return tuple(rows[0].names[i] for i in sorted(places))

    def types(
        self,
        first: _Row,
        columns: _Columns,
        rows: Sequence[_Row],
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


class UniformWeights:
    """Which weights are equal by chance: vectors of one number, before any training.

    Exporters put them together, and so zeros are the bias of all that has one.
    """

    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        self.weights, self.known = weights, dict[str, bool]()

    def __call__(self, name: str) -> bool:
        """Return whether a constant is such a vector."""
        if name not in self.known:
            array = self.weights.get(name)
            self.known[name] = array is not None and is_uniform(array)
        return self.known[name]


class _Columns:
    """The places of arguments over all windows of a block, and what each becomes."""

    def __init__(
        self, rows: Sequence[_Row], constants: set[str], is_uniform: UniformWeights
    ) -> None:
        self.rows, self.constants = rows, constants
        self.is_uniform = is_uniform
        if len({len(row.statements) for row in rows}) != 1:
            raise self.unlike("their number of statements")
        self.taken: set[str] = set()
        for statement in rows[0].statements:
            _collect(statement, self._take, self.taken.add)
        self.made: dict[Any, str] = {}
        """What the block calls a column."""
        self._given: dict[str, tuple[str, ...]] = {}
        self.plain = [
            self._plain([row.statements[j] for row in rows])
            for j in range(len(rows[0].statements))
        ]
        for j, statements in enumerate(self.plain):
            for row, statement in zip(rows, statements):
                _collect(statement, row.slots.append, row.names.append)
            if len({len(row.slots) for row in rows}) != 1:
                raise self.unlike(f"the arguments of statement {j}")
        first = rows[0]
        for row in rows:
            if len(row.names) != len(first.names):
                raise self.unlike("their number of results")
            row.local.update(
                (name, own) for name, own in zip(row.names, first.names) if name
            )

    def _take(self, argument: Argument) -> None:
        if isinstance(argument, Ref):
            self.taken.add(argument.name)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs, in the order of their first use."""
        return tuple(self._given)

    def given(self, number: int) -> tuple[str, ...]:
        """Return which values a window gives to the inputs."""
        return tuple(column[number] for column in self._given.values())

    def unlike(self, what: str) -> InternalError:
        """Return the error for windows that are not alike."""
        return InternalError(f"block {self.rows[0].window.block}: {what} differ")

    def _plain(self, statements: Sequence[Statement]) -> list[Statement]:
        """Return one statement of each window without ``out``; what differs is a kernel."""
        bare = [without_memory(s) for s in statements]
        calls = [s.operation for s in bare if isinstance(s.operation, Call)]
        if len(calls) != len(bare):
            return bare
        options = [
            {k: v for k, v in c.kwargs.items() if not has_references(v)} for c in calls
        ]
        present = next(c for c in calls if not isinstance(c.function, Passing))
        if kernel_traits(present.function).operator:
            kinds = len({key_of(Kernel(c.function, o)) for c, o in zip(calls, options)})
        else:
            kinds = len({(key_of(c.function), *c.kwargs) for c in calls})
        if kinds == 1:
            return bare
        name = self.new_setting("kernel")
        optional = any(isinstance(call.function, Passing) for call in calls)
        for row, call, own in zip(self.rows, calls, options):
            left_out = isinstance(call.function, Passing)
            row.settings[name] = None if left_out else Kernel(call.function, own)
        return [
            replace(
                statement,
                operation=replace(
                    call,
                    function=Chosen(name, optional),
                    kwargs={k: v for k, v in call.kwargs.items() if has_references(v)},
                ),
            )
            for statement, call in zip(bare, calls)
        ]

    def new_setting(self, name: str) -> str:
        """Return a name for a setting, which no value has."""
        return new_name(name, self.rows[0].settings, self.taken)

    def statements(self) -> Iterator[Statement]:
        """Yield the statements of the block."""
        place = 0
        for number, statements in enumerate(self.plain):
            hints = iter(argument_names(statements[0].operation))
            places = iter(range(place, len(self.rows[0].slots)))
            reader = statements[0].scopes or number

            def argument(_: Argument) -> Argument:
                place, hint = next(places), next(hints, "value")  # noqa: B023
                return self.column(place, hint, reader)  # noqa: B023

            yield mapped_statement(statements[0], argument, _same)
            place = next(places, len(self.rows[0].slots))

    def column(self, place: int, hint: str, reader: Any) -> Argument:
        """Return the argument of the block for those of the windows."""
        slots = [row.slots[place] for row in self.rows]
        refs = [slot.name for slot in slots if isinstance(slot, Ref)]
        if not refs:
            return self.literal(slots, hint)
        if len(refs) != len(slots):
            raise self.unlike(f"{hint}: a value and a literal")
        inside = {row.place.get(name) for row, name in zip(self.rows, refs)}
        if inside != {None}:
            if len(inside) > 1:
                raise self.unlike(f"{hint}: the results that it refers to")
            return slots[0]
        if self.constants.issuperset(refs):
            return self.weight(tuple(refs), (reader, hint))
        return self.value(tuple(refs))

    def literal(self, slots: Sequence[Argument], hint: str) -> Argument:
        """Return a literal, or a setting if it is not the same in all windows."""
        keys = tuple(map(key_of, slots))
        if len(set(keys)) == 1:
            return slots[0]
        if keys not in self.made:
            name = self.made[keys] = self.new_setting(hint)
            for row, slot in zip(self.rows, slots):
                row.settings[name] = slot
        return Ref(self.made[keys])

    def weight(self, names: tuple[str, ...], use: Any) -> Ref:
        """Return a constant of the block: of those that are equal by chance, one for each use."""
        key = ("weight", names, use if all(map(self.is_uniform, names)) else ())
        if key not in self.made:
            self.made[key] = self.fresh(next(filter(None, names)), "weight")
            for row, name in zip(self.rows, names):
                row.weights[self.made[key]] = name
        return Ref(self.made[key])

    def value(self, names: tuple[str, ...]) -> Ref:
        """Return an input of the block."""
        key = ("value", names)
        if key not in self.made:
            name = self.made[key] = self.fresh(names[0], "value")
            self._given[name] = names
            for row, given in zip(self.rows, names):
                row.local.setdefault(given, name)
        return Ref(self.made[key])

    def fresh(self, name: str, kind: str) -> str:
        """Return a name of its own for a column whose first element has that name."""
        used = {made for key, made in self.made.items()}
        if name not in used:
            return name
        return new_name(name, used | self.taken)


def _memory(
    template: tuple[Statement, ...], rows: Sequence[_Row], outputs: tuple[str, ...]
) -> tuple[tuple[Statement, ...], list[tuple[str, ...]]]:
    """Let statements free and write over what they do in all windows.

    Return them, and what the calls free: a block cannot free what its caller holds.
    """
    written = []
    done: set[str] = set()
    freed: list[dict[str, None]] = [{} for _ in rows]
    for j, statement in enumerate(template):
        out = [_out(row.statements[j]) for row in rows]
        over = {row.local.get(name) for row, name in zip(rows, out)}
        (target,) = over if len(over) == 1 else (None,)
        frees: dict[str, None] = {}
        for row, name, gone in zip(rows, out, freed):
            dead = (*row.statements[j].frees, *([name] if name else ()))
            for value in dead:
                if value not in row.place:
                    gone[value] = None
                elif row.local[value] != target and row.local[value] not in outputs:
                    frees[row.local[value]] = None
        frees = {name: None for name in frees if name not in done}
        done.update(frees)
        if target is not None and isinstance(statement.operation, Call):
            kwargs = {**statement.operation.kwargs, "out": Ref(target)}
            call = replace(statement.operation, kwargs=kwargs)
            statement = replace(statement, operation=call)
        written.append(replace(statement, frees=tuple(frees)))
    return tuple(written), [tuple(names) for names in freed]


def is_passing(statement: Statement) -> bool:
    """Whether a statement stands for a call that its window leaves out."""
    operation = statement.operation
    return isinstance(operation, Call) and isinstance(operation.function, Passing)


def _out(statement: Statement) -> str:
    """Return the value that a statement writes over, "" for none."""
    call = statement.operation
    out = call.kwargs.get("out") if isinstance(call, Call) else None
    return out.name if isinstance(out, Ref) else ""


def _collect(
    statement: Statement,
    argument: Callable[[Argument], Any],
    name: Callable[[str], Any],
) -> None:
    """Hand over the arguments of a statement, and the names that it defines."""

    def noted(value: Argument) -> Argument:
        argument(value)
        return value

    def named(value: str) -> str:
        name(value)
        return value

    mapped_statement(statement, noted, named)


def argument_names(operation: Operation) -> Iterator[str]:
    """Yield what each argument of a call is for, in the order of :func:`mapped`."""
    if not isinstance(operation, Call):
        return
    try:
        parameters = [*inspect.signature(operation.function).parameters]  # type: ignore[arg-type]
    except (TypeError, ValueError):
        parameters = []
    names = [*parameters[: len(operation.args)]]
    names += ["value"] * (len(operation.args) - len(names))
    for name, value in (*zip(names, operation.args), *operation.kwargs.items()):
        slots: list[Argument] = []
        _collect(Statement(Call("", (value,)), (), ()), slots.append, _same)
        yield from [name] * len(slots)


def _notes(statements: Iterable[Statement]) -> Iterator[Notes]:
    for statement in statements:
        if isinstance(statement.operation, Apply):
            continue
        bodies = bodies_of(statement.operation)
        own = tuple(BodyNotes(body.name, body.promised) for body in bodies)
        yield Notes(statement.nodes, statement.literals, statement.scopes, own)
        for body in bodies:
            yield from _notes(body.statements)


def _windows(statements: Iterable[Statement]) -> Iterator[Window]:
    """Yield windows, each before those in it."""
    for statement in statements:
        operation = statement.operation
        if isinstance(operation, Window):
            yield operation
            yield from _windows(operation.statements)
        for body in bodies_of(operation):
            yield from _windows(body.statements)


def _inner_first(by_block: Mapping[str, Sequence[Window]]) -> Iterator[str]:
    """Yield the names of blocks, each after those that it calls."""
    done: set[str] = set()

    def visit(name: str) -> Iterator[str]:
        if name in done:
            return
        done.add(name)
        for window in by_block[name]:
            for inner in _windows(window.statements):
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


def _same(value: Any) -> Any:
    return value
