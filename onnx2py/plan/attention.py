"""Attention that exporters wrote out: the scores are read by nobody else.

A1  matmul(softmax(matmul(q, k)), v) -> ``dot_product_attention``.
A2  ... the scores are multiplied or divided by a constant, and so may q and k be -> its ``scale``.
A3  ... then a mask is added -> its ``mask``.
A4  ... where(isnan(softmax), 0, softmax) -> its ``zero_for_nan``.
A5  ... the heads of k and v are repeated, each so many times in a row -> its ``groups``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from ..ir.graph import new_name, onnx_name
from ..ir.program import (
    Argument,
    Body,
    Call,
    Program,
    Ref,
    Statement,
)
from ..ir.types import Dim, TensorType, ValueType
from ..kernels.dot_product_attention import dot_product_attention
from ..kernels.shape import expand, reshape
from ..kernels.softmax import softmax
from .traverse import count_reads, with_bodies

_EXPAND = (np.broadcast_to, expand)


def fuse_attention(program: Program) -> Program:
    """Let one call do attention (rules A1 to A5), in bodies too."""
    types: dict[str, ValueType] = {}
    statements = _fused(program.statements, program.outputs, program, types)
    return replace(program, statements=statements, types={**program.types, **types})


def _fused(
    statements: tuple[Statement, ...],
    outputs: tuple[str, ...],
    program: Program,
    types: dict[str, ValueType],
) -> tuple[Statement, ...]:
    """Return other statements, and note in ``types`` what of their results has changed."""
    uses = count_reads(statements, outputs)
    makers = {s.outputs[0]: s for s in statements if len(s.outputs) == 1}
    fused: dict[int, Statement] = {}
    gone: set[int] = set()
    for statement in statements:
        search = _Search(makers, uses, program.weights, program.types)
        call = search.attention(statement)
        if call is not None:
            nodes = (n for s in reversed(search.inside) for n in s.nodes)
            literals = (n for s in search.inside for n in s.literals)
            fused[id(statement)] = replace(
                statement,
                operation=call,
                nodes=(*nodes, *statement.nodes),
                literals=(*literals, *statement.literals),
            )
            gone.update(id(s) for s in search.inside)
            for former, changed, kind in search.changed:
                fused[id(former)] = changed
                types[changed.outputs[0]] = kind
    return tuple(
        _inside(fused.get(id(s), s), program, types)
        for s in statements
        if id(s) not in gone
    )


def _inside(
    statement: Statement, program: Program, types: dict[str, ValueType]
) -> Statement:
    def changed(body: Body) -> Body:
        inner = _fused(body.statements, body.outputs, program, types)
        return replace(body, statements=inner)

    return replace(statement, operation=with_bodies(statement.operation, changed))


class _Repeated(NamedTuple):
    """What is read where a head is wanted several times in a row."""

    source: Argument
    shape: tuple[Dim, int, Dim, Dim]
    groups: int
    steps: tuple[Statement, ...]


@dataclass
class _Search:
    """What is behind one product, and the statements that a call would stand for."""

    makers: Mapping[str, Statement]
    uses: Counter[str]
    weights: Mapping[str, np.ndarray]
    types: Mapping[str, ValueType]
    inside: list[Statement] = field(default_factory=list)
    changed: list[tuple[Statement, Statement, TensorType]] = field(default_factory=list)
    """Statements, what takes their places, and the types of the results."""

    def attention(self, statement: Statement) -> Call | None:
        """Return the call that does what ``statement`` and those before it do."""
        weights, v = self.arguments(statement, np.matmul)
        if weights is None or not self.is_float(statement):
            return None
        weights, zero_for_nan = self.guarded(weights)
        step = self.maker(weights, softmax)
        if step is None or not self.is_last_axis(step):
            return None
        scores: Argument = self.taken(step).args[0]
        scores, mask = self.masked(scores)
        scores, scale = self.scaled(scores)
        step = self.maker(scores, np.matmul)
        if step is None or not self.is_float(step):
            return None
        q, k = self.taken(step).args
        q, of_q = self.scaled(q)
        k, of_k = self.scaled(k)
        options: dict[str, Argument] = {}
        if scale * of_q * of_k != 1:
            options["scale"] = self.rounded(scale * of_q * of_k, statement)
        if zero_for_nan:
            options["zero_for_nan"] = True
        if any(self.rank(x) < 2 for x in (q, k, v)):
            return None
        k, v, groups = self.grouped(q, k, v)
        if groups > 1:
            options["groups"] = groups
        args = (q, k, v) if mask is None else (q, k, v, mask)
        return Call(dot_product_attention, args, options)

    def grouped(
        self, q: Argument, k: Argument, v: Argument
    ) -> tuple[Argument, Argument, int]:
        """A5: return what k and v repeat, and how often; of k, its transpose."""
        turn = self.maker(k, np.transpose)
        if turn is None or self.call(turn).args[1:] != ((0, 1, 3, 2),):
            return k, v, 1
        keys, values = self.repeated(self.call(turn).args[0]), self.repeated(v)
        queries = self.type(q)
        if keys is None or values is None or queries is None or not queries.shape:
            return k, v, 1
        batch, heads, length, size = keys.shape
        wanted = keys.groups * heads
        if keys.groups != values.groups or queries.shape[1:2] != (wanted,):
            return k, v, 1
        name = new_name(f"{onnx_name(turn.outputs[0])}.once", self.types)
        read = Call(np.transpose, (keys.source, (0, 1, 3, 2)))
        kind = TensorType(queries.dtype, (batch, heads, size, length))
        changed = replace(turn, operation=read, outputs=(name,))
        self.changed.append((turn, changed, kind))
        self.inside += [*values.steps, *keys.steps]
        return Ref(name), values.source, values.groups

    def repeated(self, value: Argument) -> _Repeated | None:
        """Return what a value repeats, if it is each head so many times.

        [B, H, T, E] -> [B, H, 1, T, E] -> [B, H, G, T, E] -> [B, H * G, T, E]
        """
        merge = self.maker(value, np.reshape, reshape)
        spread = self.maker(self.call(merge).args[0], *_EXPAND) if merge else None
        add = self.maker(self.call(spread).args[0], np.expand_dims) if spread else None
        if merge is None or spread is None or add is None:
            return None
        source = self.call(add).args[0]
        before, wide, after = (
            self.shape(x) for x in (source, self.call(merge).args[0], value)
        )
        if len(before) != 4 or len(wide) != 5 or None in before:
            return None
        batch, heads, *rest = before
        groups = wide[2]
        if not isinstance(heads, int) or not isinstance(groups, int):
            return None
        fits = wide == (batch, heads, groups, *rest)
        fits = fits and after == (batch, heads * groups, *rest)
        if not fits or groups < 2 or self.call(add).kwargs != {"axis": 2}:
            return None
        shape = (batch, heads, rest[0], rest[1])
        return _Repeated(source, shape, groups, (merge, spread, add))

    def arguments(self, statement: Statement, function: Any) -> tuple[Any, Any]:
        call = statement.operation
        if isinstance(call, Call) and call.function is function and not call.kwargs:
            return call.args[0], call.args[1]
        return None, None

    def maker(self, value: Argument, *functions: Any) -> Statement | None:
        """Return the statement that makes what is read but once, if it calls one of these."""
        if not isinstance(value, Ref) or self.uses[value.name] != 1:
            return None
        found = self.makers.get(value.name)
        call = found.operation if found else None
        fits = isinstance(call, Call) and call.function in functions
        return found if fits else None

    def taken(self, statement: Statement) -> Call:
        """Let the call stand for a statement."""
        self.inside.append(statement)
        assert isinstance(statement.operation, Call)
        return statement.operation

    def guarded(self, weights: Argument) -> tuple[Argument, bool]:
        """A4."""
        step = self.maker(weights, np.where)
        if step is None:
            return weights, False
        condition, zero, kept = self.call(step).args
        test = self.maker(condition, np.isnan)
        if test is None or self.call(test).args != (kept,) or self.number(zero) != 0:
            return weights, False
        if not isinstance(kept, Ref) or self.uses[kept.name] != 2:
            return weights, False
        self.inside += [step, test]
        self.uses = self.uses - Counter([kept.name])
        return kept, True

    def call(self, statement: Statement) -> Call:
        assert isinstance(statement.operation, Call)
        return statement.operation

    def masked(self, scores: Argument) -> tuple[Argument, Argument]:
        """A3."""
        step = self.maker(scores, np.add)
        if step is None or self.call(step).kwargs:
            return scores, None
        for x, mask in (self.call(step).args, self.call(step).args[::-1]):
            if self.is_product(x) and self.is_like(mask, x):
                self.inside.append(step)
                return x, mask
        return scores, None

    def is_product(self, x: Argument) -> bool:
        """Whether this is a matrix product, or one times a constant."""
        step = self.maker(x, np.multiply, np.divide)
        found = self.factor(step) if step else None
        return self.maker(found[0] if found else x, np.matmul) is not None

    def scaled(self, value: Argument) -> tuple[Argument, float]:
        """A2."""
        step = self.maker(value, np.multiply, np.divide)
        found = self.factor(step) if step else None
        if step is None or found is None:
            return value, 1.0
        self.inside.append(step)
        return found

    def factor(self, step: Statement) -> tuple[Argument, float] | None:
        """Return what is multiplied by a constant, and the constant."""
        call = self.call(step)
        if call.kwargs:
            return None
        orders = [call.args, call.args[::-1]]
        for x, number in orders[:1] if call.function is np.divide else orders:
            found = self.number(number)
            if isinstance(x, Ref) and found and np.isfinite(found):
                return x, found if call.function is np.multiply else 1 / found
        return None

    def number(self, value: Argument) -> float | None:
        """Return a constant of one element that adds no axis."""
        array = self.weights.get(value.name) if isinstance(value, Ref) else None
        if array is None or array.size != 1 or array.ndim > 1:
            return None
        return float(array.reshape(()))

    def type(self, value: Argument) -> TensorType | None:
        kind = self.types.get(value.name) if isinstance(value, Ref) else None
        return kind if isinstance(kind, TensorType) else None

    def shape(self, value: Argument) -> tuple[Dim, ...]:
        """Return the lengths of the axes, none if their number is not known."""
        kind = self.type(value)
        return (kind.shape or ()) if kind else ()

    def rank(self, value: Argument) -> int:
        """Return the number of axes, 0 if it is not known."""
        return len(self.shape(value))

    def is_float(self, statement: Statement) -> bool:
        """Whether the result is of a type that the kernel computes."""
        kind = self.type(Ref(statement.outputs[0]))
        return kind is not None and kind.dtype in ("float32", "float64")

    def rounded(self, number: float, statement: Statement) -> float:
        """Round a number to the type of a result, and write it with as few digits."""
        kind = self.type(Ref(statement.outputs[0]))
        assert kind is not None
        return float(str(np.dtype(kind.dtype).type(number)))

    def is_like(self, mask: Argument, x: Argument) -> bool:
        kind, other = self.type(mask), self.type(x)
        return kind is not None and other is not None and kind.dtype == other.dtype

    def is_last_axis(self, step: Statement) -> bool:
        axis = self.call(step).kwargs.get("axis", -1)
        rank = self.rank(Ref(step.outputs[0]))
        return axis == -1 or (rank > 0 and axis == rank - 1)
