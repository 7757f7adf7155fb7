"""Lengths that are known in the statements of a program or a body, and the numbers they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..ir.graph import new_name
from ..ir.program import (
    Argument,
    Call,
    Expression,
    Number,
    Program,
    Ref,
    Statement,
    bodies_of,
    references,
)
from ..ir.sums import Sum
from ..ir.types import Dim, TensorType, ValueType
from ..kernels import indexing, shape
from ._length_reads import AT_START, Source
from ._length_rules import (
    MOST,
    Evaluator,
    Lengths,
    NotLengths,
    picks_the_only,
    slice_of_list,
)
from ._numbers import combined

PICKED = (indexing.gather, np.take)
"""What picks lengths of a shape."""


@dataclass
class Shared:
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


class KnownLengths:
    """The values of a program or a body that are lengths, and where these are read."""

    def __init__(self, shared: Shared, inputs: Iterable[str]) -> None:
        self._shared = shared
        self._evaluator = Evaluator(shared.program.weights)
        self.sources: dict[str, Source] = {}
        """By number, where it is read."""
        self._open_shapes: dict[str, str] = {}
        """The value of unknown rank whose shape something is."""
        self._parts: dict[str, tuple[str, int]] = {}
        """The shape of unknown rank of which something lists one length, and that length's axis."""
        self._numbers: dict[Any, Ref] = {}
        """By the name of a length in types, or else by value and axis."""
        self.values: Mapping[str, Lengths] = self._evaluator.known
        for name in inputs:
            for axis, dim in enumerate(shared.shape(name) or ()):
                if isinstance(dim, str) and not isinstance(dim, Sum):
                    self._read(dim, str(dim), Source(name, axis, AT_START))

    def follows(self, statement: Statement, position: int) -> bool:
        """Note the lengths that a statement makes; whether it makes such."""
        call = statement.operation
        if not isinstance(call, Call) or len(statement.outputs) != 1:
            return False
        if value := self._opens(call):
            self._open_shapes[statement.outputs[0]] = value
            self._note(statement)
            return True
        if part := self._part(call):
            self._parts[statement.outputs[0]] = part
            self._note(statement)
            return True
        try:
            lengths = self._made(call, position)
            self._check(lengths, statement.outputs[0])
        except NotLengths:
            return False
        self._evaluator.known[statement.outputs[0]] = lengths
        self._note(statement)
        return True

    def followed(self) -> set[str]:
        """Return the values that no statement makes unless something reads them."""
        return {*self.values, *self._open_shapes, *self._parts}

    def made_of(self, name: str) -> str:
        """Return the shape that something is a part of, "" if it is none."""
        return self._parts[name][0] if name in self._parts else ""

    def named(self, dim: Dim) -> Number | None:
        """Return a length that is a number, or has a name that was read before."""
        if isinstance(dim, int):
            return dim
        if dim in self._numbers:
            return self._numbers[dim]
        if isinstance(dim, Sum) and all(term in self._numbers for term in dim.terms):
            total: Number = dim.number
            for term in dim.terms:
                total = combined("+", total, self._numbers[term])
            return total
        return None

    def along(self, name: str, axis: int) -> Number | None:
        """Return the length of a value along an axis, if it is a number or was read before."""
        dim = (self._shared.shape(name) or ())[axis]
        return self._numbers.get((name, axis)) if dim is None else self.named(dim)

    def scalar(self, argument: Any) -> Any:
        """Return the number that an argument is, else the argument."""
        if not isinstance(argument, Ref) or argument.name not in self.values:
            return argument
        try:
            return self._evaluator.number(argument)
        except NotLengths:
            return argument

    def items(self, argument: Argument) -> Argument:
        """Return lengths as a tuple, and anything else as it is."""
        if not isinstance(argument, Ref) or argument.name not in self.values:
            return argument
        return self._evaluator.items(argument)

    def _note(self, statement: Statement) -> None:
        """Note the nodes that lengths stand for."""
        read = references(statement.operation)
        folded = (self._shared.folded.get(name, ()) for name in read)
        names = dict.fromkeys((*(n for f in folded for n in f), *statement.nodes))
        self._shared.folded[statement.outputs[0]] = tuple(names)

    def _made(self, call: Call, position: int) -> Lengths:
        first = call.args[0] if call.args else None
        value = self._open_shapes.get(first.name) if isinstance(first, Ref) else None
        if isinstance(first, Ref) and first.name in self._parts:
            return self._of_part(call, first.name, position)
        if value is not None and (call.function in PICKED or not call.kwargs):
            return self._of_open_shape(call, value, position)
        if call.function not in (shape.shape, shape.size):
            return self._evaluator.call(call)
        (data,) = call.args
        dims = self._shared.shape(data.name) if isinstance(data, Ref) else None
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
        kind = self._shared.types.get(data.name) if isinstance(data, Ref) else None
        is_open = kind is None or (isinstance(kind, TensorType) and kind.shape is None)
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
        index = self._evaluator.lengths(call.args[1])
        axes = index if isinstance(index, tuple) else (index,)
        lengths = []
        for axis in axes:
            if not isinstance(axis, int):
                raise NotLengths
            lengths.append(self._of_axis(value, axis, position))
        return tuple(lengths) if isinstance(index, tuple) else lengths[0]

    def _of_axis(self, value: str, axis: int, position: int) -> Number:
        """Return the length of a value of unknown rank, which is read there."""
        wanted = f"{value}.length_{axis}".replace("-", "minus_")
        return self._read((value, axis), wanted, Source(value, axis, position))

    def _part(self, call: Call) -> tuple[str, int] | None:
        """Return the shape of which a slice has at most one length, and the axis of that."""
        first = call.args[0] if call.args else None
        if not isinstance(first, Ref) or first.name not in self._open_shapes:
            return None
        bounds = slice_of_list(call)
        axis = bounds.start or 0 if bounds is not None else None
        if bounds is None or axis is None:
            return None
        is_last = axis == -1 and (bounds.stop is None or bounds.stop > MOST)
        is_one = bounds.stop is not None and bounds.stop == axis + 1 != 0
        return (first.name, axis) if is_last or is_one else None

    def _of_part(self, call: Call, name: str, position: int) -> Lengths:
        """Return the one length of a slice: where there is none, this fails too."""
        shape_, axis = self._parts[name]
        if not picks_the_only(call):
            raise NotLengths
        return self._of_axis(self._open_shapes[shape_], axis, position)

    def _length(self, name: str, axis: int, position: int) -> Number:
        """Return the length of a value along an axis, which is known or read there."""
        shape_ = self._shared.shape(name) or ()
        dim = shape_[axis]
        named = self.named(dim)
        if named is not None:
            return named
        key = (name, axis) if dim is None else dim
        wanted = f"{name}.length_{axis}" if dim is None else str(dim)
        return self._read(key, wanted, Source(name, axis, position))

    def _read(self, key: Any, wanted: str, source: Source) -> Ref:
        if key not in self._numbers:
            self._numbers[key] = self._shared.number(wanted)
            self.sources[self._numbers[key].name] = source
        return self._numbers[key]

    def _check(self, lengths: Lengths, name: str) -> None:
        """Refuse what is of another type than lengths, or might not fit into its type."""
        value_type = self._shared.types.get(name)
        dtype = value_type.dtype if isinstance(value_type, TensorType) else ""
        items = lengths if isinstance(lengths, tuple) else (lengths,)
        computed = any(isinstance(n, Expression) for n in items)
        large = any(isinstance(n, int) and not -(2**31) <= n < 2**31 for n in items)
        if dtype not in ("int64", "int32", "bool"):
            raise NotLengths
        if dtype == "int32" and (computed or large):
            raise NotLengths
