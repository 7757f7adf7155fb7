"""Attention's scale becomes part of the matrix that queries come from.

A6  The queries of attention are a product by a constant matrix, or some columns of one that
    no other statement reads, and reach it only through views and scalings -> these columns of
    the matrix and of its bias are scaled; attention is not, and the scalings are gone.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..ir.program import Argument, Call, Program, Ref, Statement
from ..kernels.attention_dot_product import dot_product_attention
from ..kernels.slicing import split
from ..traits.kernels import kernel_traits
from .projections import Projection, Projections


def fold_scales(program: Program) -> Program:
    """Let matrices take in the scales of queries (rule A6)."""
    found = Projections.of(program)
    for attention in program.statements:
        call = attention.operation
        if isinstance(call, Call) and call.function is dot_product_attention:
            search = _Search(found, float(call.kwargs.get("scale", 1.0)))  # type: ignore[arg-type]
            columns = search.columns(call.args[0])
            gains = math.isfinite(search.factor) and search.factor not in (0, 1)
            if columns is not None and gains:
                found = Projections.of(_folded(found, search, columns, attention))
    return found.program


@dataclass
class _Search:
    """What lies between attention and the product that makes its queries."""

    found: Projections
    factor: float
    names: list[str] = field(default_factory=list)
    """The values in between, the last one first."""
    scalings: list[Statement] = field(default_factory=list)
    projection: Projection | None = None

    def columns(self, value: Argument) -> slice | None:
        """Walk back to the product; return which of its columns are read, None if not sure."""
        while isinstance(value, Ref) and self.found.uses[value.name] == 1:
            maker = self.found.makers.get(value.name)
            call = maker.operation if maker else None
            if maker is None or not isinstance(call, Call) or not call.args:
                return None
            self.names.append(value.name)
            self.projection = self.ended_by(maker)
            if self.projection is not None:
                return slice(None)
            source = call.args[0]
            if isinstance(source, Ref) and source.name in self.found.makers:
                self.projection = self.ended_by(self.found.makers[source.name])
                parts = self.parts(source.name) if self.projection else {}
                if value.name in parts:
                    return self.if_apart(parts, value.name)
            if (scaled := self.scaled(call)) is not None:
                self.scalings.append(maker)
                value = scaled
            elif kernel_traits(call.function).view:
                value = source
            else:
                return None
        return None

    def ended_by(self, maker: Statement) -> Projection | None:
        """Return the projection whose result a statement makes."""
        call = maker.operation
        products = [maker]
        if isinstance(call, Call) and call.function is np.add:
            products = [
                self.found.makers[a.name]
                for a in call.args
                if isinstance(a, Ref) and a.name in self.found.makers
            ]
        for product in products:
            each = self.found.projection(product)
            if each is not None and (each.addition or product) is maker:
                return each
        return None

    def parts(self, whole: str) -> dict[str, slice]:
        """Return the parts read of a product, {} if these are not some of its columns."""
        readers = self.found.readers[whole]
        each = [dict(self.parts_read(reader, whole)) for reader in readers]
        known = all(each) and len(readers) == self.found.uses[whole]
        return {k: v for part in each for k, v in part.items()} if known else {}

    def parts_read(self, reader: Statement, whole: str) -> Iterator[tuple[str, slice]]:
        """Yield the results of a statement that are columns of ``whole``, and which."""
        call, kind = reader.operation, self.found.type_of(Ref(whole))
        if not isinstance(call, Call) or kind is None or not kind.shape:
            return
        width, rank = kind.shape[-1], len(kind.shape)
        if call.function is operator.getitem and isinstance(width, int):
            index: Any = call.args[1]
            *before, part = index
            whole_rows = before == [Ellipsis] or before == [slice(None)] * (rank - 1)
            start, stop, step = part.indices(width)
            if whole_rows and step == 1:
                yield reader.outputs[0], slice(start, stop)
        lengths = call.args[1] if len(call.args) > 1 else None
        last = call.kwargs.get("axis", 0) in (-1, rank - 1)
        if call.function is split and last and isinstance(lengths, tuple):
            ends = list(itertools.accumulate(lengths))
            yield from zip(reader.outputs, map(slice, (0, *ends), ends))

    def if_apart(self, parts: Mapping[str, slice], name: str) -> slice | None:
        """Return the columns of a value if no other statement reads them."""
        own = parts[name]
        others = [part for other, part in parts.items() if other != name]
        apart = all(o.stop <= own.start or own.stop <= o.start for o in others)
        return own if apart else None

    def scaled(self, call: Call) -> Argument:
        """Return the value that a call multiplies by a number, and note the number."""
        orders = {np.multiply: (call.args, call.args[::-1]), np.divide: (call.args,)}
        for x, number in () if call.kwargs else orders.get(call.function, ()):  # type: ignore[call-overload]
            array = self.found.constant(number)
            if array is not None and array.size == 1 and array.ndim <= 1:
                times = float(array.reshape(()))
                if call.function is np.divide:
                    times = 1 / times if times else math.nan
                self.factor *= times
                return x  # type: ignore[no-any-return]
        return None


def _folded(
    found: Projections, search: _Search, columns: slice, attention: Statement
) -> Program:
    """Scale the columns; what depends on them is not what ONNX calls so any more."""
    each = search.projection
    assert each is not None
    names: dict[str, str] = {}
    for weight in (each.matrix, each.bias):
        if weight is not None:
            array = found.weights[weight].copy()
            array[..., columns] *= array.dtype.type(search.factor)
            change = f"scale of {attention.nodes[-1]}"
            names[weight] = found.put(weight, array, change)
    gone = {statement.outputs[0]: statement for statement in search.scalings}
    for name in dict.fromkeys(
        (each.product.outputs[0], each.result, *search.names[::-1])
    ):
        if name in gone:
            continue
        names[name] = found.new(name, ".scaled")
        found.types[names[name]] = found.types[name]
    for name in [s.outputs[0] for s in reversed(search.scalings)]:
        source = next(r for r in _references(gone[name]) if r in names)
        names[name] = names[source]
    own = {id(each.product), id(each.addition)}
    elsewhere = {n: m for n, m in names.items() if n != each.bias}
    for statement in found.program.statements:
        scaled = names if id(statement) in own else elsewhere
        found.changed[id(statement)] = (_renamed(statement, scaled),)
    for statement in search.scalings:
        found.changed[id(statement)] = ()
    (changed,) = found.changed[id(attention)]
    call = changed.operation
    assert isinstance(call, Call)
    kwargs = {key: value for key, value in call.kwargs.items() if key != "scale"}
    nodes = (*(n for s in reversed(search.scalings) for n in s.nodes), *changed.nodes)
    found.changed[id(attention)] = (
        replace(changed, operation=replace(call, kwargs=kwargs), nodes=nodes),
    )
    return found.done()


def _references(statement: Statement) -> list[str]:
    call = statement.operation
    assert isinstance(call, Call)
    return [argument.name for argument in call.args if isinstance(argument, Ref)]


def _renamed(statement: Statement, names: Mapping[str, str]) -> Statement:
    call = statement.operation
    if not isinstance(call, Call) or not names.keys() & {
        *_references(statement),
        *statement.outputs,
    }:
        return statement
    args = tuple(
        Ref(names.get(a.name, a.name)) if isinstance(a, Ref) else a for a in call.args
    )
    outputs = tuple(names.get(name, name) for name in statement.outputs)
    return replace(statement, operation=replace(call, args=args), outputs=outputs)
