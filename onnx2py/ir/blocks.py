"""Blocks: what a program repeats, as classes, instances of them and loops over instances.

An :class:`Outline` says the statements of a program again: a block stands for runs of statements
that differ in their values, constants and literals alone. The program keeps its statements, and
:func:`expanded` makes them of the outline, one by one: nothing of a program is lost in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import InternalError
from .graph import Scope
from .program import (
    Apply,
    Argument,
    Body,
    Branch,
    Call,
    Expression,
    Invoke,
    Kernel,
    Loop,
    MapItems,
    Operation,
    Ref,
    Repeat,
    Scan,
    Section,
    Statement,
    bodies_of,
)
from .types import ValueType


@dataclass(frozen=True)
class Chosen:
    """In place of the function of a call of a block: the one that a setting says."""

    setting: str
    is_optional: bool = False
    """Whether instances may have none: their call returns its first argument."""

    def __call__(self, *_: Any, **__: Any) -> Any:
        """Fail: it only stands for a function."""
        raise InternalError(f"{self.setting}: a setting is no function")


Setting = Argument
"""What differs between instances: a literal, or a kernel with those of its options that do."""


@dataclass(frozen=True)
class BodyNotes:
    """What one body of a program says of itself, see :class:`.program.Body`."""

    name: str
    promised: tuple[ValueType | None, ...] = ()


@dataclass(frozen=True)
class Notes:
    """What one statement of a program says of itself, see :class:`.program.Statement`."""

    nodes: tuple[str, ...] = ()
    literals: tuple[str, ...] = ()
    scopes: tuple[Scope, ...] = ()
    bodies: tuple[BodyNotes, ...] = ()


@dataclass(frozen=True)
class Instance:
    """An object of a block: what its constructor gets."""

    weights: Mapping[str, str]
    """The constant, or the value of the setup, for each of the block's weights."""
    settings: Mapping[str, Setting]
    path: str = ""
    """Where it is: ``layers.3.attention``."""


@dataclass(frozen=True)
class Application:
    """One call of an instance: which values of the program the block's own names are."""

    instance: int
    values: Mapping[str, str]
    notes: tuple[Notes, ...]
    """Of the block's statements but for calls of other blocks, those of bodies after theirs."""
    absent: frozenset[str] = frozenset()
    """The results that the instance has no call for: other names of first arguments."""


@dataclass(frozen=True)
class Block:
    """A class: its statements are those of its first application, whose names are its own."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    weights: tuple[str, ...]
    """Its constants, which differ between instances or not."""
    settings: tuple[str, ...]
    """References in its statements to literals that differ, and to functions in their places."""
    statements: tuple[Statement, ...]
    instances: tuple[Instance, ...]
    applications: tuple[Application, ...]
    """In the order in which the expanded outline comes to them."""
    types: Mapping[str, ValueType] = field(default_factory=dict)
    """The types of its values and weights: None for a length that differs."""


@dataclass(frozen=True)
class Outline:
    """The statements of a program over its own values, with calls of blocks."""

    statements: tuple[Statement, ...]
    blocks: Mapping[str, Block]
    """By name, each after those that it calls."""


def mapped(
    operation: Operation,
    argument: Callable[[Argument], Argument],
    name: Callable[[str], str],
    block: Callable[[tuple[Statement, ...]], Iterable[Statement]] | None = None,
) -> Operation:
    """Return an operation with other arguments and other names for what its bodies define.

    ``argument`` gets references and literals, from left to right, those of bodies last; tuples,
    slices and arithmetic without references are one literal each. ``name`` gets the inputs of
    bodies. ``block`` changes the statements of bodies; without it, they are mapped in the same
    way, and their results are given to ``name`` too.
    """

    def each(statements: tuple[Statement, ...]) -> Iterator[Statement]:
        return (mapped_statement(s, argument, name) for s in statements)

    inside = block or each

    def arguments(value: Any) -> Any:
        if not has_references(value):
            return argument(value)
        if isinstance(value, tuple):
            return tuple(map(arguments, value))
        if isinstance(value, slice):
            return slice(*map(arguments, (value.start, value.stop, value.step)))
        if isinstance(value, Expression):
            left, right = arguments(value.left), arguments(value.right)
            return replace(value, left=left, right=right)
        return argument(value)

    def reference(read: str) -> str:
        made = argument(Ref(read))
        assert isinstance(made, Ref)
        return made.name

    def body(given: Body) -> Body:
        inputs = tuple(map(name, given.inputs))
        captures = tuple(map(reference, given.captures))
        statements = tuple(inside(given.statements))
        outputs = tuple(map(reference, given.outputs))
        return replace(
            given,
            inputs=inputs,
            captures=captures,
            statements=statements,
            outputs=outputs,
        )

    if isinstance(operation, Call):
        return replace(
            operation,
            args=tuple(map(arguments, operation.args)),
            kwargs={key: arguments(value) for key, value in operation.kwargs.items()},
        )
    if isinstance(operation, Apply):
        return replace(operation, arguments=tuple(map(arguments, operation.arguments)))
    if isinstance(operation, Repeat):
        return replace(operation, rounds=tuple(map(arguments, operation.rounds)))
    if isinstance(operation, Branch):
        condition = arguments(operation.condition)
        bodies = (body(operation.then_body), body(operation.else_body))
        return Branch(condition, *bodies)
    if isinstance(operation, Loop):
        count, going = map(arguments, (operation.trip_count, operation.condition))
        state = tuple(map(arguments, operation.state))
        return Loop(count, going, state, body(operation.body))
    if isinstance(operation, MapItems):
        inputs = tuple(map(arguments, operation.inputs))
        return replace(operation, inputs=inputs, body=body(operation.body))
    if isinstance(operation, Invoke):
        given = tuple(map(arguments, operation.arguments))
        return Invoke(given, body(operation.body))
    if isinstance(operation, Section):
        return replace(operation, body=body(operation.body))
    assert isinstance(operation, Scan)
    state = tuple(map(arguments, operation.state))
    walked = tuple(replace(i, value=arguments(i.value)) for i in operation.inputs)
    return replace(operation, state=state, inputs=walked, body=body(operation.body))


def mapped_statement(
    statement: Statement,
    argument: Callable[[Argument], Argument],
    name: Callable[[str], str],
) -> Statement:
    """Return a statement with another operation, see :func:`mapped`, and other results."""
    operation = mapped(statement.operation, argument, name)
    outputs = tuple(name(output) for output in statement.outputs)
    frees = tuple(name(freed) for freed in statement.frees)
    return replace(statement, operation=operation, outputs=outputs, frees=frees)


def without_memory(statement: Statement) -> Statement:
    """Return a statement that frees nothing and writes over nothing, nor do its bodies."""
    operation = statement.operation
    if isinstance(operation, Call) and "out" in operation.kwargs:
        kwargs = {k: v for k, v in operation.kwargs.items() if k != "out"}
        operation = replace(operation, kwargs=kwargs)
    elif bodies_of(operation):
        operation = mapped(
            operation,
            lambda a: a,
            lambda n: n,
            lambda inside: map(without_memory, inside),
        )
    return replace(statement, operation=operation, frees=())


def key_of(value: Any) -> Any:
    """Return a key that tells a literal or a setting from all others: 1 is neither True nor 1.0."""
    if isinstance(value, Kernel):
        options = ((k, key_of(v)) for k, v in value.options.items())
        return (key_of(value.function), tuple(options))
    if isinstance(value, tuple):
        return tuple(map(key_of, value))
    if callable(value):
        name = getattr(value, "__qualname__", getattr(value, "__name__", repr(value)))
        return f"{getattr(value, '__module__', '')}.{name}"
    return (type(value).__name__, repr(value))


def has_references(value: Any) -> bool:
    """Whether an argument refers to a value, alone or within."""
    if isinstance(value, tuple):
        return any(map(has_references, value))
    if isinstance(value, slice):
        return any(map(has_references, (value.start, value.stop, value.step)))
    if isinstance(value, Expression):
        return has_references(value.left) or has_references(value.right)
    return isinstance(value, Ref)


def expanded(outline: Outline) -> tuple[Statement, ...]:
    """Return the statements of a program that an outline stands for, as they are without blocks.

    They free nothing and write over nothing: when memory ends is a matter of the outline.
    """
    waiting = {name: iter(b.applications) for name, b in outline.blocks.items()}
    return tuple(_Expansion(outline.blocks, waiting).statements(outline.statements))


@dataclass(frozen=True)
class _Expansion:
    """One application of a block, or the whole program: what names and settings stand for."""

    blocks: Mapping[str, Block]
    waiting: Mapping[str, Iterator[Application]]
    """The applications of each block that are still to come."""
    values: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Setting] = field(default_factory=dict)
    notes: Iterator[Notes] | None = None

    def statements(self, statements: tuple[Statement, ...]) -> Iterator[Statement]:
        for statement in statements:
            operation = statement.operation
            if isinstance(operation, Apply):
                yield from self.apply(operation.block)
            elif isinstance(operation, Repeat):
                for _ in operation.rounds:
                    yield from self.apply(operation.block)
            elif self.is_absent(operation):
                assert self.notes is not None
                next(self.notes)
            else:
                yield self.statement(statement)

    def is_absent(self, operation: Operation) -> bool:
        """Whether an instance leaves a call out."""
        function = operation.function if isinstance(operation, Call) else None
        if not isinstance(function, Chosen) or not function.is_optional:
            return False
        return self.settings[function.setting] is None

    def apply(self, name: str) -> Iterator[Statement]:
        block, application = self.blocks[name], next(self.waiting[name])
        instance = block.instances[application.instance]
        inside = _Expansion(
            self.blocks,
            self.waiting,
            {**application.values, **instance.weights},
            instance.settings,
            iter(application.notes),
        )
        yield from inside.statements(block.statements)

    def statement(self, statement: Statement) -> Statement:
        notes = next(self.notes) if self.notes is not None else None
        operation = self.operation(without_memory(statement).operation)
        outputs = tuple(map(self.name, statement.outputs))
        statement = replace(statement, operation=operation, outputs=outputs, frees=())
        return statement if notes is None else _noted(statement, notes)

    def operation(self, operation: Operation) -> Operation:
        if isinstance(operation, Call) and isinstance(operation.function, Chosen):
            kernel = self.settings[operation.function.setting]
            assert isinstance(kernel, Kernel)
            kwargs = {**operation.kwargs, **kernel.options}
            operation = replace(operation, function=kernel.function, kwargs=kwargs)
        return mapped(operation, self.argument, self.name, self.statements)

    def argument(self, value: Argument) -> Argument:
        if not isinstance(value, Ref):
            return value
        if value.name in self.settings:
            setting = self.settings[value.name]
            assert not isinstance(setting, Kernel)
            return setting
        return Ref(self.name(value.name))

    def name(self, name: str) -> str:
        return self.values.get(name, name)


def _noted(statement: Statement, notes: Notes) -> Statement:
    """Return a statement that says of itself what the notes say."""
    waiting = iter(notes.bodies)
    operation = statement.operation
    changed = {}
    for key in ("then_body", "else_body", "body"):
        if hasattr(operation, key):
            changed[key] = replace(getattr(operation, key), **vars(next(waiting)))
    return replace(
        statement,
        operation=replace(operation, **changed) if changed else operation,
        nodes=notes.nodes,
        literals=notes.literals,
        scopes=notes.scopes,
    )
