"""Lengths as Python numbers: nothing is called for what only says how long something is.

H1  Shape and Size, and what moves and computes their results -> ``b, t = x.shape`` once, and
    names and arithmetic where the results are read: ``y.reshape(b, t, 4, 32)``.
H2  Reshape to lengths of which 0 stands for those of the input, or -1 for what is left over ->
    NumPy's reshape to numbers, if these have names.

A length that the types call by the name of an input's is that number. Where a tensor is
wanted, it is made of the numbers there. What depends on data stays a tensor, and so does a
shape of unknown rank, but for single lengths, ``x.shape[1]``, and their number, ``x.ndim``.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..ir.graph import new_name
from ..ir.program import (
    Argument,
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
    bodies_of,
    references,
)
from ..ir.sums import Sum
from ..ir.types import Dim, TensorType, ValueType
from ..kernels import generate, indexing, shape, slicing
from ..traits.kernels import kernel_traits
from ._length_reads import AT_START, Source, reading
from ._length_rules import Evaluator, Lengths, NotLengths
from ._numbers import combined
from .traverse import reads_of, with_bodies


def write_lengths(program: Program) -> Program:
    """Write lengths as numbers (rules H1 and H2), in bodies too."""
    shared = _Shared(program, dict(program.types), dict(program.folded))
    statements = _Block(shared, program.inputs).rewritten(
        program.statements, program.outputs
    )
    return replace(
        program, statements=statements, types=shared.types, folded=shared.folded
    )


PICKED = (indexing.gather, np.take)
"""What picks lengths of a shape."""


@dataclass
class _Shared:
    """What the blocks of a program have in common."""

    program: Program
    types: dict[str, ValueType]
    folded: dict[str, tuple[str, ...]]
    """For a constant, or lengths: the nodes that it stands for."""
    taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        program = self.program
        self.taken.update(program.types, program.weights, program.inputs)
        for statement in program.walk():
            self.taken.update(statement.outputs)
            for body in bodies_of(statement.operation):
                self.taken.update(body.inputs)

    def shape(self, name: str) -> tuple[Dim, ...] | None:
        value_type = self.types.get(name)
        return value_type.shape if isinstance(value_type, TensorType) else None

    def number(self, wanted: str) -> Ref:
        """Return a new name for a number."""
        name = new_name(wanted, self.taken)
        self.taken.add(name)
        self.types[name] = TensorType("int64", ())
        return Ref(name)


class _Block:
    """The statements of a program or a body."""

    def __init__(self, shared: _Shared, inputs: Iterable[str]) -> None:
        self.shared = shared
        self.evaluator = Evaluator(shared.program.weights)
        self.sources: dict[str, Source] = {}
        self.open_shapes: dict[str, str] = {}
        """The value of unknown rank whose shape something is."""
        self.numbers: dict[Any, Ref] = {}
        """By the name of a length in types, or else by value and axis."""
        for name in inputs:
            for axis, dim in enumerate(shared.shape(name) or ()):
                if isinstance(dim, str) and not isinstance(dim, Sum):
                    self._read(dim, str(dim), Source(name, axis, AT_START))

    def rewritten(
        self, statements: tuple[Statement, ...], outputs: Iterable[str]
    ) -> tuple[Statement, ...]:
        """Return the statements without what makes lengths."""
        pending: list[tuple[int, Statement]] = []
        for position, statement in enumerate(statements):
            if not self._follows(statement, position):
                pending.append((position, self._with_numbers(statement)))
        wanted = set(outputs).union(*(reads_of(s.operation) for _, s in pending))
        for position, statement in enumerate(statements):
            if wanted & self._followed().intersection(statement.outputs):
                pending.append((position, self._as_tensor(statement)))
        return tuple(self._with_reads(sorted(pending, key=lambda item: item[0])))

    # ------------------------------------------------------------------ what is known

    def _follows(self, statement: Statement, position: int) -> bool:
        """Note the lengths that a statement makes; whether it makes such."""
        call = statement.operation
        if not isinstance(call, Call) or len(statement.outputs) != 1:
            return False
        if value := self._opens(call):
            self.open_shapes[statement.outputs[0]] = value
            self._note(statement)
            return True
        try:
            lengths = self._made(call, position)
            self._check(lengths, statement.outputs[0])
        except NotLengths:
            return False
        self.evaluator.known[statement.outputs[0]] = lengths
        self._note(statement)
        return True

    def _note(self, statement: Statement) -> None:
        """Note the nodes that lengths stand for."""
        read = references(statement.operation)
        folded = (self.shared.folded.get(name, ()) for name in read)
        names = dict.fromkeys((*(n for f in folded for n in f), *statement.nodes))
        self.shared.folded[statement.outputs[0]] = tuple(names)

    def _followed(self) -> set[str]:
        """Return the values that no statement makes unless something reads them."""
        return {*self.evaluator.known, *self.open_shapes}

    def _made(self, call: Call, position: int) -> Lengths:
        first = call.args[0] if call.args else None
        value = self.open_shapes.get(first.name) if isinstance(first, Ref) else None
        if value is not None and (call.function in PICKED or not call.kwargs):
            return self._of_open_shape(call, value, position)
        if call.function not in (shape.shape, shape.size):
            return self.evaluator.call(call)
        (data,) = call.args
        dims = self.shared.shape(data.name) if isinstance(data, Ref) else None
        if dims is None or not isinstance(data, Ref):
            raise NotLengths
        if call.function is shape.size:
            return self._read(
                (data.name, np.size),
                f"{data.name}.size",
                Source(data.name, np.size, position),
            )
        bounds: Any = slice(call.kwargs.get("start", 0), call.kwargs.get("end"))
        axes = range(len(dims))[bounds]
        return tuple(self._length(data.name, axis, position) for axis in axes)

    def _opens(self, call: Call) -> str:
        """Return the value whose shape a call makes, if its rank is unknown; else ''."""
        if call.function is not shape.shape or call.kwargs:
            return ""
        (data,) = call.args
        kind = self.shared.types.get(data.name) if isinstance(data, Ref) else None
        is_open = isinstance(kind, TensorType) and kind.shape is None
        return data.name if isinstance(data, Ref) and is_open else ""

    def _of_open_shape(self, call: Call, value: str, position: int) -> Lengths:
        """Return the lengths that a call picks of a shape of unknown rank, or that rank."""
        if call.function in (shape.shape, shape.size):
            source = Source(value, np.ndim, position)
            rank = self._read((value, np.ndim), f"{value}.rank", source)
            return rank if call.function is shape.size else (rank,)
        if call.function not in PICKED:
            raise NotLengths
        if call.kwargs.get("axis", 0) not in (0, -1):
            raise NotLengths
        index = self.evaluator.lengths(call.args[1])
        axes = index if isinstance(index, tuple) else (index,)
        lengths = []
        for axis in axes:
            if not isinstance(axis, int):
                raise NotLengths
            wanted = f"{value}.length_{axis}".replace("-", "minus_")
            source = Source(value, axis, position)
            lengths.append(self._read((value, axis), wanted, source))
        return tuple(lengths) if isinstance(index, tuple) else lengths[0]

    def _length(self, name: str, axis: int, position: int) -> Number:
        """Return the length of a value along an axis, which is known or read there."""
        shape_ = self.shared.shape(name) or ()
        dim = shape_[axis]
        named = self._named(dim)
        if named is not None:
            return named
        key = (name, axis) if dim is None else dim
        wanted = f"{name}.length_{axis}" if dim is None else str(dim)
        return self._read(key, wanted, Source(name, axis, position))

    def _named(self, dim: Dim) -> Number | None:
        """Return a length that is a number, or has a name that was read before."""
        if isinstance(dim, int):
            return dim
        if dim in self.numbers:
            return self.numbers[dim]
        if isinstance(dim, Sum) and all(term in self.numbers for term in dim.terms):
            total: Number = dim.number
            for term in dim.terms:
                total = combined("+", total, self.numbers[term])
            return total
        return None

    def _read(self, key: Any, wanted: str, source: Source) -> Ref:
        if key not in self.numbers:
            self.numbers[key] = self.shared.number(wanted)
            self.sources[self.numbers[key].name] = source
        return self.numbers[key]

    def _check(self, lengths: Lengths, name: str) -> None:
        """Refuse what is of another type than lengths, or might not fit into its type."""
        value_type = self.shared.types.get(name)
        dtype = value_type.dtype if isinstance(value_type, TensorType) else ""
        items = lengths if isinstance(lengths, tuple) else (lengths,)
        computed = any(isinstance(n, Expression) for n in items)
        large = any(isinstance(n, int) and not -(2**31) <= n < 2**31 for n in items)
        if dtype not in ("int64", "int32", "bool"):
            raise NotLengths
        if dtype == "int32" and (computed or large):
            raise NotLengths

    # ------------------------------------------------------------------ who reads it

    def _with_numbers(self, statement: Statement) -> Statement:
        """Return a statement that reads numbers in place of tensors of lengths."""
        operation = with_bodies(statement.operation, self._body)
        if isinstance(operation, Call):
            changed: Operation = self._call(operation, statement)
        elif isinstance(operation, Branch):
            changed = replace(operation, condition=self._truth(operation.condition))
        elif isinstance(operation, Loop):
            changed = replace(operation, trip_count=self._scalar(operation.trip_count))
        else:
            changed = operation
        gone = set(references(operation)) - set(references(changed))
        literals = sorted(gone & self.evaluator.known.keys())
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
        number = self._scalar(condition)
        return number if isinstance(number, Expression) else condition

    def _scalar(self, argument: Any) -> Any:
        """Return the number that an argument is, else the argument."""
        if not isinstance(argument, Ref) or argument.name not in self.evaluator.known:
            return argument
        try:
            return self.evaluator.number(argument)
        except NotLengths:
            return argument

    def _call(self, call: Call, statement: Statement) -> Call:
        args = list(call.args)
        traits = kernel_traits(call.function)
        for place in traits.lengths:
            if place < len(args):
                args[place] = self._numbers(args[place])
        call = replace(call, args=tuple(args))
        if call.function is generate.range_:
            return self._range(call, statement.outputs[0])
        if traits.beside:
            return self._beside_tensor(call)
        if call.function is shape.reshape:
            return self._plain_reshape(call)
        return _bracketed(call) if call.function is slicing.slice_axes else call

    def _numbers(self, argument: Argument) -> Argument:
        """Return lengths as a tuple, and anything else as it is."""
        if not isinstance(argument, Ref) or argument.name not in self.evaluator.known:
            return argument
        return self.evaluator.items(argument)

    def _range(self, call: Call, output: str) -> Call:
        """Return ``np.arange`` of numbers."""
        value_type = self.shared.types.get(output)
        bounds = tuple(self._scalar(argument) for argument in call.args)
        is_tensor = [isinstance(b, Ref) and b.name not in self.sources for b in bounds]
        if not isinstance(value_type, TensorType) or value_type.dtype != "int64":
            return call
        if any(is_tensor) or bounds == call.args or bounds[2:] == (0,):
            return call
        start, limit, *step = bounds
        shown = (limit,) if start == 0 and not step else bounds
        return Call(np.arange, shown, {"dtype": np.dtype(np.int64)})

    def _beside_tensor(self, call: Call) -> Call:
        """Return a call of a tensor and a number, if the result is as it was."""
        places = [self._scalar(argument) for argument in call.args]
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
        if dims is None or not isinstance(wanted, tuple):
            return call
        allowzero = bool(call.kwargs.get("allowzero"))
        lengths: list[Number] = []
        for axis, number in enumerate(wanted):
            here = self._named(dims[axis]) if axis < len(dims) else None
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
        rest = self._named(dims[lengths.index(-1)])
        if rest is None or not read.issuperset(_names_in(rest)):
            return statement  # a line to read it would be worth less than -1
        others = tuple(rest if n == -1 else n for n in lengths)
        return replace(statement, operation=replace(call, args=(data, others)))

    # ------------------------------------------------------------------ what is written

    def _as_tensor(self, statement: Statement) -> Statement:
        """Return a statement that makes a tensor of numbers; a shape remains one."""
        (name,), call = statement.outputs, statement.operation
        if isinstance(call, Call) and call.function in (shape.shape, shape.size):
            return statement
        value_type = self.shared.types[name]
        dtype = (
            np.dtype(value_type.dtype) if isinstance(value_type, TensorType) else None
        )
        made = Call(np.array, (self.evaluator.known[name], dtype))
        read = (n for n in references(statement.operation) if n in self.evaluator.known)
        literals = (*statement.literals, *dict.fromkeys(read))
        return replace(statement, operation=made, literals=literals)

    def _with_reads(
        self, statements: list[tuple[int, Statement]]
    ) -> Iterator[Statement]:
        """Yield statements, each after those that read the lengths it needs."""
        names = self.sources.keys()
        needed = {n for _, s in statements for n in reads_of(s.operation) if n in names}
        waiting: dict[int, dict[str, list[str]]] = {}
        for number, source in self.sources.items():
            if number in needed:
                values = waiting.setdefault(source.position, {})
                values.setdefault(source.value, []).append(number)
        for position, statement in [*statements, (len(statements) << 32, None)]:
            for at in sorted(at for at in waiting if at <= position):
                for value, numbers in waiting.pop(at).items():
                    places = {self.sources[n].axis: n for n in numbers}
                    dims = self.shared.shape(value)
                    rank = None if dims is None else len(dims)
                    yield from reading(value, places, rank)
            if statement is not None:
                read = {n for n in needed if self.sources[n].position <= position}
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
