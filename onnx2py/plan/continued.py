"""Products and convolutions that take in what follows them.

Z1  The one reader of a product or a convolution is an activation whose options are numbers -> its
    ``activation``.
Z2  ... adds a value that is known to have the same type and shape -> its ``plus``, and then Z1. Of
    two such operands, the one that is farther from the inputs takes in the other: a shortcut is
    computed before it.
Z3  ... and it is ``np.matmul`` by a constant matrix, of one matrix -> ``project`` with that.

The call stands where the product stood, if all that it reads is known there, else where what it has
taken in stood.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Union

import numpy as np

from ..ir.patterns import Match
from ..ir.program import (
    CONTINUATION,
    Argument,
    Call,
    Kernel,
    Program,
    Ref,
    Statement,
    references,
)
from ..ir.signatures import kernel_signature
from ..kernels.matmul import project
from ..traits.kernels import kernel_traits
from .rewrite import Block, Values, in_place
from .traverse import reads_of, with_blocks

Found = Union[tuple[Statement, Call], None]
"""What takes something in, and the call in its place."""
WITHOUT_BATCH = ("float32", "float64")
"""The types in which a stack of one matrix is multiplied as the matrix is."""


def take_in_what_follows(program: Program) -> Program:
    """Let products and convolutions take in sums and activations (rules Z1 to Z3)."""
    values = Values(program.weights, dict(program.types))
    made = {name for statement in program.setup for name in statement.outputs}
    constants = frozenset({*program.weights, *made})

    def continued(
        statements: tuple[Statement, ...], outputs: tuple[str, ...]
    ) -> tuple[Statement, ...]:
        for find in (_Taking.sum, _Taking.activation):
            block = Block(values, statements, outputs)
            taking = _Taking(block, constants, program.free_lengths)
            statements = tuple(taking.all(find))
        return statements

    return with_blocks(program, continued)


@dataclass
class _Taking:
    """Finds what calls of one block of statements can take in."""

    block: Block
    constants: frozenset[str]
    free_lengths: frozenset[str]
    place: dict[str, int] = field(default_factory=dict)
    """The statement that makes a value."""
    depth: dict[str, int] = field(default_factory=dict)
    """The number of statements on the longest way to a value."""

    def __post_init__(self) -> None:
        for place, statement in enumerate(self.block.statements):
            reads = reads_of(statement.operation)
            depth = 1 + max((self.depth.get(name, 0) for name in reads), default=0)
            for name in statement.outputs:
                self.place[name], self.depth[name] = place, depth

    def all(self, find: Callable[[_Taking, Call], Found]) -> Iterator[Statement]:
        """Yield the statements after what ``find`` has found for each call."""
        new: dict[int, Statement | None] = {}
        for root in self.block.statements:
            call = root.operation
            found = find(self, call) if isinstance(call, Call) else None
            if found is not None:
                product, taken = found
                statement = in_place(taken, Match({}, (root, product)))
                statement = replace(statement, scopes=product.scopes)
                early = self.is_known_at(product, taken)
                new[id(product)] = statement if early else None
                new[id(root)] = None if early else statement
        kept = (new.get(id(s), s) for s in self.block.statements)
        yield from (statement for statement in kept if statement is not None)

    def is_known_at(self, statement: Statement, call: Call) -> bool:
        """Whether all that a call reads is made before a statement."""
        place = self.place[statement.outputs[0]]
        return all(self.place.get(name, -1) < place for name in references(call))

    def activation(self, call: Call) -> Found:
        """Find a product that takes in an activation (rule Z1)."""
        if not call.args or not kernel_traits(call.function).activation:
            return None
        product = self.product(call.args[0], ("activation",))
        kernel = _partial(call)
        if product is None or kernel is None:
            return None
        statement, taking = product
        return (statement, _with(taking, activation=kernel))

    def sum(self, call: Call) -> Found:
        """Find a product that takes in a sum (rule Z2)."""
        if call.function is not np.add or len(call.args) != 2 or call.kwargs:
            return None
        left, right = call.args
        if not self.are_alike(left, right):
            return None
        pairs = ((left, right), (right, left))
        found = [
            (self.depth[product[0].outputs[0]], self.place[product[0].outputs[0]], i)
            for i, (value, _) in enumerate(pairs)
            if (product := self.product(value, CONTINUATION)) is not None
        ]
        if not found:
            return None
        value, other = pairs[max(found)[-1]]
        product = self.product(value, CONTINUATION)
        assert product is not None
        return (product[0], _with(product[1], plus=other))

    def are_alike(self, left: Argument, right: Argument) -> bool:
        """Whether two values are known to have one type and one shape, which has axes."""
        kind = self.block.values.type(left)
        if kind is None or kind != self.block.values.type(right) or not kind.shape:
            return False
        return None not in kind.shape and self.free_lengths.isdisjoint(kind.shape)

    def product(
        self, value: Argument, taken: Sequence[str]
    ) -> tuple[Statement, Call] | None:
        """Find the call that makes a value for one reader, if it has taken in none of these."""
        statement = self.block.maker(value)
        call = statement.operation if statement is not None else None
        if statement is None or not isinstance(call, Call) or call.results is not None:
            return None
        if self.block.uses[statement.outputs[0]] != 1:
            return None
        if self.is_of_one_matrix(call):
            return (statement, replace(call, function=project))
        if not kernel_traits(call.function).continues:
            return None
        return (statement, call) if call.kwargs.keys().isdisjoint(taken) else None

    def is_of_one_matrix(self, call: Call) -> bool:
        """Whether ``np.matmul`` multiplies one matrix by a constant one (rule Z3)."""
        if call.function is not np.matmul or len(call.args) != 2 or call.kwargs:
            return False
        x, weight = map(self.block.values.type, call.args)
        if x is None or weight is None or weight.rank != 2 or x.dtype != weight.dtype:
            return False
        before = (x.shape or ())[:-1]
        name = call.args[1].name if isinstance(call.args[1], Ref) else ""
        is_one = bool(before) and all(length == 1 for length in before[:-1])
        return is_one and name in self.constants and x.dtype in WITHOUT_BATCH


def _with(call: Call, **taken: Argument) -> Call:
    return replace(call, kwargs={**call.kwargs, **taken})


def _partial(call: Call) -> Kernel | None:
    """Return a call as a function of its first argument, None if it reads other values."""
    function, (_, *more) = call.function, call.args
    assert callable(function)
    names = [*kernel_signature(function).parameters][1:] if more else []
    options = {**dict(zip(names, more)), **call.kwargs}
    given = {name: value for name, value in options.items() if value is not None}
    plain = all(isinstance(value, (bool, int, float)) for value in given.values())
    return Kernel(function, given) if plain and call.results is None else None
