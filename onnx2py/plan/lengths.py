"""Lengths as Python numbers: nothing is called for what only says how long something is.

H1  Shape and Size, and what moves, computes and compares their results -> ``b, t = x.shape``
    once, and names and arithmetic where the results are read: ``y.reshape(b, t, 4, 32)``.
H2  Reshape to lengths of which 0 stands for those of the input, or -1 for what is left over ->
    NumPy's reshape to numbers, if these have names.

A length that the types call by the name of an input's is that number. Where a tensor is
wanted, it is made of the numbers there. What depends on data stays a tensor, and so does a
shape of unknown rank, but for single lengths, ``x.shape[1]``, and their number, ``x.ndim``.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from ..ir.program import (
    Body,
    Branch,
    Call,
    Expression,
    Loop,
    Number,
    Operation,
    Program,
    Ref,
    Statement,
    references,
)
from ..ir.types import TensorType
from ..kernels import generate, shape, slicing
from ..traits.kernels import kernel_traits
from ._known_lengths import KnownLengths, Shared
from ._length_reads import reading
from .traverse import reads_of, with_bodies


def write_lengths(program: Program) -> Program:
    """Write lengths as numbers (rules H1 and H2), in bodies too."""
    shared = Shared(program, dict(program.types), dict(program.folded))
    statements = _Block(shared, program.inputs).rewritten(
        program.statements, program.outputs
    )
    return replace(
        program, statements=statements, types=shared.types, folded=shared.folded
    )


class _Block:
    """Rewrites the statements of a program or a body."""

    def __init__(self, shared: Shared, inputs: Iterable[str]) -> None:
        self.shared = shared
        self.known = KnownLengths(shared, inputs)

    def rewritten(
        self, statements: tuple[Statement, ...], outputs: Iterable[str]
    ) -> tuple[Statement, ...]:
        """Return the statements without what makes lengths."""
        pending: list[tuple[int, Statement]] = []
        for position, statement in enumerate(statements):
            if not self.known.follows(statement, position):
                pending.append((position, self._with_numbers(statement)))
        wanted = set(outputs).union(*(reads_of(s.operation) for _, s in pending))
        wanted &= self.known.followed()
        wanted.update(filter(None, [self.known.made_of(name) for name in wanted]))
        for position, statement in enumerate(statements):
            if not wanted.isdisjoint(statement.outputs):
                pending.append((position, self._as_tensor(statement)))
        return tuple(self._with_reads(sorted(pending, key=lambda item: item[0])))

    def _with_numbers(self, statement: Statement) -> Statement:
        """Return a statement that reads numbers in place of tensors of lengths."""
        operation = with_bodies(statement.operation, self._body)
        if isinstance(operation, Call):
            changed: Operation = self._call(operation, statement)
        elif isinstance(operation, Branch):
            changed = replace(operation, condition=self._truth(operation.condition))
        elif isinstance(operation, Loop):
            changed = replace(
                operation, trip_count=self.known.scalar(operation.trip_count)
            )
        else:
            changed = operation
        gone = set(references(operation)) - set(references(changed))
        literals = sorted(gone & self.known.values.keys())
        return replace(
            statement, operation=changed, literals=(*statement.literals, *literals)
        )

    def _body(self, body: Body) -> Body:
        block = _Block(self.shared, (*body.inputs, *body.captures))
        statements = block.rewritten(body.statements, body.outputs)
        read = {*body.outputs, *(n for s in statements for n in reads_of(s.operation))}
        captures = tuple(name for name in body.captures if name in read)
        return replace(body, statements=statements, captures=captures)

    def _truth(self, condition: Ref | Expression) -> Ref | Expression:
        number = self.known.scalar(condition)
        return number if isinstance(number, Expression) else condition

    def _call(self, call: Call, statement: Statement) -> Call:
        args = list(call.args)
        traits = kernel_traits(call.function)
        for place in traits.lengths:
            if place < len(args):
                args[place] = self.known.items(args[place])
        for place in traits.numbers:
            if place < len(args):
                args[place] = self.known.scalar(args[place])
        call = replace(call, args=tuple(args))
        if call.function is generate.range_:
            return self._range(call, statement.outputs[0])
        if traits.beside:
            return self._beside_tensor(call)
        if call.function is shape.reshape:
            return self._plain_reshape(call)
        return _bracketed(call) if call.function is slicing.slice_axes else call

    def _range(self, call: Call, output: str) -> Call:
        """Return ``np.arange`` of numbers."""
        value_type = self.shared.types.get(output)
        bounds = tuple(self.known.scalar(argument) for argument in call.args)
        is_tensor = [
            isinstance(b, Ref) and b.name not in self.known.sources for b in bounds
        ]
        if not isinstance(value_type, TensorType) or value_type.dtype != "int64":
            return call
        if any(is_tensor) or bounds == call.args or bounds[2:] == (0,):
            return call
        start, limit, *step = bounds
        shown = (limit,) if start == 0 and not step else bounds
        return Call(np.arange, shown, {"dtype": np.dtype(np.int64)})

    def _beside_tensor(self, call: Call) -> Call:
        """Return a call of a tensor and a number, if the result is as it was."""
        places = [self.known.scalar(argument) for argument in call.args]
        tensors = [b for a, b in zip(call.args, places) if a == b]
        if len(places) != 2 or len(tensors) != 1 or not isinstance(tensors[0], Ref):
            return call
        value_type = self.shared.types.get(tensors[0].name)
        if not isinstance(value_type, TensorType) or value_type.dtype != "int64":
            return call
        return replace(call, args=tuple(places)) if value_type.rank else call

    def _plain_reshape(self, call: Call) -> Call:
        """H2."""
        data, wanted = call.args
        dims = self.shared.shape(data.name) if isinstance(data, Ref) else None
        if dims is None or not isinstance(data, Ref) or not isinstance(wanted, tuple):
            return call
        allowzero = bool(call.kwargs.get("allowzero"))
        lengths: list[Number] = []
        for axis, number in enumerate(wanted):
            here = self.known.along(data.name, axis) if axis < len(dims) else None
            if isinstance(number, int) and number != 0 or allowzero:
                lengths.append(number)
            elif here is not None and number in (0, here):
                lengths.append(here)
            else:
                return call  # a length that turns out to be 0 means that of the input
        return Call(np.reshape, (data, tuple(lengths)))

    def _with_rest(self, statement: Statement, read: set[str]) -> Statement:
        """H2: -1 in a reshape is a length that was ``read`` before, or is known."""
        call = statement.operation
        if not isinstance(call, Call) or call.function is not np.reshape:
            return statement
        dims = self.shared.shape(statement.outputs[0])
        data, lengths = call.args[:2]
        if dims is None or not isinstance(lengths, tuple) or -1 not in lengths:
            return statement
        rest = self.known.named(dims[lengths.index(-1)])
        if rest is None or not read.issuperset(_names_in(rest)):
            return statement  # a line to read it would be worth less than -1
        others = tuple(rest if n == -1 else n for n in lengths)
        return replace(statement, operation=replace(call, args=(data, others)))

    def _as_tensor(self, statement: Statement) -> Statement:
        """Return a statement that makes a tensor of numbers; a shape remains one."""
        (name,), call = statement.outputs, statement.operation
        if isinstance(call, Call) and call.function in (shape.shape, shape.size):
            return statement
        if self.known.made_of(name):
            return statement
        value_type = self.shared.types[name]
        dtype = (
            np.dtype(value_type.dtype) if isinstance(value_type, TensorType) else None
        )
        made = Call(np.array, (self.known.values[name], dtype))
        read = (n for n in references(statement.operation) if n in self.known.values)
        literals = (*statement.literals, *dict.fromkeys(read))
        return replace(statement, operation=made, literals=literals)

    def _with_reads(
        self, statements: list[tuple[int, Statement]]
    ) -> Iterator[Statement]:
        """Yield statements, each after those that read the lengths it needs."""
        names = self.known.sources.keys()
        needed = {n for _, s in statements for n in reads_of(s.operation) if n in names}
        read: set[str] = set()
        waiting: dict[int, dict[str, list[str]]] = {}
        for number, source in self.known.sources.items():
            if number in needed:
                values = waiting.setdefault(source.position, {})
                values.setdefault(source.value, []).append(number)
        for position, statement in [*statements, (len(statements) << 32, None)]:
            for at in sorted(at for at in waiting if at <= position):
                for value, numbers in waiting.pop(at).items():
                    read.update(numbers)
                    places = {self.known.sources[n].axis: n for n in numbers}
                    dims = self.shared.shape(value)
                    rank = None if dims is None else len(dims)
                    yield from reading(value, places, rank)
            if statement is not None:
                yield self._with_rest(statement, read)


def _names_in(number: Number) -> Iterator[str]:
    """Yield the names that arithmetic reads."""
    return references(Call(np.array, (number,)))


def _bracketed(call: Call) -> Call:
    """Return a slice of steps of 1 in brackets: Python cuts as ONNX does."""
    data, starts, ends, *rest = call.args
    axes, steps = (*rest, None, None)[:2]
    if not isinstance(starts, tuple) or not isinstance(ends, tuple):
        return call
    axes = tuple(range(len(starts))) if axes is None else axes
    steps = (1,) * len(starts) if steps is None else steps
    if not isinstance(axes, tuple) or not isinstance(steps, tuple):
        return call
    if set(steps) - {1} or not axes or min(axes) < 0 or len({*axes}) != len(axes):
        return call
    parts = {a: slice(s or None, e) for a, s, e in zip(axes, starts, ends)}
    index = tuple(parts.get(axis, slice(None)) for axis in range(max(axes) + 1))
    return Call(operator.getitem, (data, index))
