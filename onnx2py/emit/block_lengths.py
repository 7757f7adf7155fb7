"""Lengths that a block reads from what it is given anyway: ``b, t, _ = hidden.shape``.

The types of all values say so; a length that several inputs of the model share by name alone
(see :attr:`.program.Program.free_lengths`) is passed on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..ir.blocks import Block, Notes, Outline, mapped
from ..ir.program import (
    Apply,
    Call,
    Program,
    Ref,
    Repeat,
    Statement,
    bodies_of,
    references,
    walk,
)
from ..ir.types import TensorType

Place = tuple[str, int]
"""An input of a block, and the axis along which it has a length."""


def with_own_lengths(program: Program, outline: Outline) -> Outline:
    """Return an outline whose blocks are given no length that an input of theirs has."""
    symbols = _symbols(program)
    if not symbols:
        return outline
    blocks: dict[str, Block] = {}
    passed: dict[str, list[bool]] = {}
    for name, block in outline.blocks.items():
        statements = tuple(_calling(block.statements, passed))
        found = _places(program, block, symbols)
        read = {*_reads(statements), *block.outputs}
        lengths = {n: place for n, place in found.items() if n in read}
        gone = {*found}
        passed[name] = [n not in gone for n in block.inputs]
        reading = tuple(_reading(program, block, lengths))
        notes = (Notes(),) * len(reading)
        blocks[name] = replace(
            block,
            inputs=tuple(n for n in block.inputs if n not in gone),
            statements=(*reading, *statements),
            applications=tuple(
                replace(a, notes=(*notes, *a.notes)) for a in block.applications
            ),
        )
    statements = tuple(_calling(outline.statements, passed))
    read = {*_reads(statements), *program.outputs}
    return Outline(tuple(_needed(statements, read)), blocks)


def _symbols(program: Program) -> dict[str, str]:
    """Return the name in types of each length that the program reads from a shape."""
    found: dict[str, str] = {}
    for statement in program.statements:
        call = statement.operation
        if statement.nodes or not isinstance(call, Call):
            continue
        value, *axis = call.args
        kind = program.types.get(value.name) if isinstance(value, Ref) else None
        shape = kind.shape if isinstance(kind, TensorType) else None
        if shape is None or call.function not in (np.shape, np.size):
            continue
        dims: Sequence[object] = shape
        if call.function is np.size:
            dims = [shape[a] for a in axis if isinstance(a, int)]
        for output, dim in zip(statement.outputs, dims):
            if output and type(dim) is str and dim not in program.free_lengths:
                found[output] = dim
    return found


def _places(
    program: Program, block: Block, symbols: Mapping[str, str]
) -> dict[str, Place]:
    """Return where the lengths that a block is given are, those of one input if possible."""
    lengths = {
        name: [symbols.get(a.values[name], "") for a in block.applications]
        for name in block.inputs
    }
    lengths = {name: column for name, column in lengths.items() if all(column)}
    found: dict[str, Place] = {}
    held = {name: _held(program, block, name) for name in block.inputs}
    order = sorted(held, key=lambda n: -sum(c in held[n] for c in lengths.values()))
    for name in order:
        for length, column in lengths.items():
            if length not in found and column in held[name]:
                found[length] = (name, held[name].index(column))
    return found


def _held(program: Program, block: Block, name: str) -> list[list[str]]:
    """Return the lengths that an input has in each application, by axis."""
    shapes = []
    for application in block.applications:
        kind = program.types.get(application.values[name])
        if not isinstance(kind, TensorType) or not kind.shape:
            return []
        shapes.append(kind.shape)
    if len({*map(len, shapes)}) > 1:
        return []
    return [[d if type(d) is str else "" for d in column] for column in zip(*shapes)]


def _reading(
    program: Program, block: Block, lengths: Mapping[str, Place]
) -> Iterator[Statement]:
    """Yield the statements that read lengths."""
    by_input: dict[str, dict[int, str]] = {}
    for length, (name, axis) in lengths.items():
        by_input.setdefault(name, {})[axis] = length
    for name, axes in by_input.items():
        kind = program.types[block.applications[0].values[name]]
        assert isinstance(kind, TensorType) and kind.shape
        outputs = tuple(axes.get(axis, "") for axis in range(len(kind.shape)))
        yield _shape(name, outputs)


def _shape(name: str, outputs: tuple[str, ...]) -> Statement:
    """Return the statement that reads the lengths of a value."""
    axes = [axis for axis, output in enumerate(outputs) if output]
    if len(axes) == 1:
        (axis,) = axes
        return Statement(Call(np.size, (Ref(name), axis)), (outputs[axis],), ())
    call = Call(np.shape, (Ref(name),), results=len(outputs))
    return Statement(call, outputs, ())


def _calling(
    statements: Iterable[Statement], passed: Mapping[str, Sequence[bool]]
) -> Iterator[Statement]:
    """Yield statements whose calls of blocks pass on only what these are still given."""

    def kept(block: str, arguments: tuple[Ref, ...]) -> tuple[Ref, ...]:
        return tuple(ref for ref, keep in zip(arguments, passed[block]) if keep)

    for statement in statements:
        operation = statement.operation
        if isinstance(operation, Apply):
            given = kept(operation.block, operation.arguments)
            operation = replace(operation, arguments=given)
        elif isinstance(operation, Repeat):
            rounds = tuple(kept(operation.block, each) for each in operation.rounds)
            operation = replace(operation, rounds=rounds)
        elif bodies_of(operation):
            operation = mapped(
                operation, lambda a: a, lambda n: n, lambda s: _calling(s, passed)
            )
        yield replace(statement, operation=operation)


def _needed(statements: Iterable[Statement], read: set[str]) -> Iterator[Statement]:
    """Yield statements but for those that read lengths which nothing reads any more."""
    for statement in statements:
        call = statement.operation
        if statement.nodes or not isinstance(call, Call):
            yield statement
            continue
        outputs = tuple(name if name in read else "" for name in statement.outputs)
        value = call.args[0]
        if call.function is np.shape and isinstance(value, Ref) and any(outputs):
            yield _shape(value.name, outputs)
        elif any(outputs):
            yield statement


def _reads(statements: Iterable[Statement]) -> Iterator[str]:
    for statement in walk(statements):
        yield from references(statement.operation)
        for body in bodies_of(statement.operation):
            yield from (*body.outputs, *body.captures)
