"""Blocks that differ by one call -> one block with an optional call (rule V1).

ResNet's blocks differ in that the first of a stage computes its shortcut by a convolution. They
are of one class of the network, so the calls of the one are those of the other but for that
call, whose result takes the place of its first argument.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...ir.blocks import has_references, mapped
from ...ir.graph import new_name
from ...ir.program import (
    CONTINUATION,
    Argument,
    Call,
    Program,
    Ref,
    Statement,
    bodies_of,
    references,
)
from ...traits.kernels import is_choice
from .gain import flow
from .items import Chosen, Item
from .pool import Pool
from .scopes import common
from .windows import ABSENT, Passing, Window


@dataclass(frozen=True)
class Variant:
    """A block whose calls are those of another but for one."""

    whole: Chosen
    """The other, which has the call."""
    place: int
    """Where the call is."""
    readers: tuple[tuple[int, int], ...]
    """What reads its result: places of items without it, and which of their values it is."""
    call: Call
    output: str


def with_variants(
    program: Program, pool: Pool, statements: tuple[Statement, ...]
) -> tuple[Statement, ...]:
    """Return statements in windows of fewer blocks; the others are removed from the pool."""
    variants: dict[str, Variant] = {}
    for part in pool.blocks:
        for whole in pool.blocks:
            free = whole.name not in variants and part.name not in {
                v.whole.name for v in variants.values()
            }
            variant = _variant(pool, whole, part) if free else None
            if variant is not None:
                variants[part.name] = variant
                break
    if not variants:
        return statements
    pool.blocks[:] = [b for b in pool.blocks if b.name not in variants]
    return tuple(_Rewriter(program, pool, variants).all(statements))


def _variant(pool: Pool, whole: Chosen, part: Chosen) -> Variant | None:
    """Return how a block is another one without a call, None if it is not."""
    items, others = whole.line.items, part.line.items
    if len(items) != len(others) + 1 or not _are_of_one_class(whole, part):
        return None
    tokens, wanted = ([*map(pool.token, line)] for line in (items, others))
    for place, item in enumerate(items):
        if tokens[:place] + tokens[place + 1 :] != wanted or not _is_optional(
            pool, item
        ):
            continue
        readers = _readers(whole, place, others, pool.constants)
        if readers:
            call = item.statements[0].operation
            assert isinstance(call, Call)
            return Variant(whole, place, readers, call, item.makes[0])
    return None


def _are_of_one_class(one: Chosen, other: Chosen) -> bool:
    """Whether two blocks are modules of one class of the network."""
    paths = [common(i.path for i in block.line.items) for block in (one, other)]
    if not all(paths) or not (one.is_module and other.is_module):
        return False
    first, second = (path[-1] for path in paths)
    if first.class_name or second.class_name:
        return first.class_name == second.class_name
    words = [re.sub(r"\d+", "", scope.path) for scope in (first, second)]
    return words[0] == words[1]


def _is_optional(pool: Pool, item: Item) -> bool:
    """Whether a call computes one value from another one and weights."""
    call = item.statements[0].operation if item.statements else None
    if not isinstance(call, Call) or call.results is not None or len(item.makes) != 1:
        return False
    if not is_choice(call.function) or len(item.own_reads) != 1:
        return False
    if any(map(has_references, call.kwargs.values())):
        return False
    if not call.kwargs.keys().isdisjoint(CONTINUATION):
        return False
    x, *others = call.args
    names = [a.name for a in others if isinstance(a, Ref)]
    return (
        isinstance(x, Ref)
        and x.name == item.own_reads[0]
        and (
            all(isinstance(a, Ref) or a is None for a in others)
            and all(name in pool.constants for name in names)
        )
    )


def _readers(
    whole: Chosen, place: int, others: Sequence[Item], constants: Mapping[str, Any]
) -> tuple[tuple[int, int], ...]:
    """List what reads the result of a call; empty if the data flow of the blocks differs."""
    items = [item for i, item in enumerate(whole.line.items) if i != place]
    left_out = whole.line.items[place]
    output, x = left_out.makes[0], left_out.own_reads[0]
    _, places = flow(items)
    reads = (n for item in items for n in item.reads)
    if tuple(places.get(x if n == output else n, -1) for n in reads) != flow(others)[0]:
        return ()
    if output in whole.line.outputs:
        return ()
    found: list[tuple[int, int]] = []
    for i, item in enumerate(items):
        if output not in item.reads:
            continue
        if item.bodies or item.block is not None:
            return ()
        if tuple(_values(others[i].statements[0], constants)) != others[i].own_reads:
            return ()
        found += [(i, n) for n, name in enumerate(item.own_reads) if name == output]
    return tuple(found) if len(found) == 1 else ()


def _values(statement: Statement, constants: Mapping[str, Any]) -> Iterator[str]:
    """Yield the values that a call reads, in order, but for that which it writes over."""
    call = statement.operation
    assert isinstance(call, Call)
    kwargs = {k: v for k, v in call.kwargs.items() if k != "out"}
    for name in references(replace(call, kwargs=kwargs)):
        if name not in constants:
            yield name


@dataclass
class _Rewriter:
    """Writes windows of blocks that are variants as windows of the others."""

    program: Program
    pool: Pool
    variants: Mapping[str, Variant]
    taken: set[str] = field(default_factory=set)

    def all(self, statements: Sequence[Statement]) -> Iterator[Statement]:
        for statement in statements:
            operation = statement.operation
            if isinstance(operation, Window):
                inside = tuple(self.all(operation.statements))
                window = replace(operation, statements=inside)
                if operation.block in self.variants:
                    window = self.window(self.variants[operation.block], inside)
                statement = replace(statement, operation=window)
            elif bodies_of(operation):
                same = mapped(operation, lambda a: a, lambda n: n, self.all)
                statement = replace(statement, operation=same)
            yield statement

    def window(self, variant: Variant, inside: Sequence[Statement]) -> Window:
        """Return a window with a call that passes its argument on."""
        constants = self.pool.constants
        rows = [[*_values(inside[i], constants)] for i, _ in variant.readers]
        (x,) = {row[n] for row, (_, n) in zip(rows, variant.readers)}
        name = new_name(variant.output, self.program.types, self.taken)
        self.taken.add(name)
        given: list[Argument] = [
            Ref(ABSENT) if isinstance(a, Ref) else a for a in variant.call.args[1:]
        ]
        passing = Call(Passing(), (Ref(x), *given))
        changed = [*inside]
        for i, _ in variant.readers:
            changed[i] = self.reading(changed[i], variant, i, name)
        changed.insert(variant.place, Statement(passing, (name,), ()))
        return Window(variant.whole.name, (), statements=tuple(changed))

    def reading(
        self, statement: Statement, variant: Variant, place: int, name: str
    ) -> Statement:
        """Return a statement that reads the result of the call in place of its argument."""
        call = statement.operation
        assert isinstance(call, Call)
        wanted = {n for i, n in variant.readers if i == place}
        count = -1

        def argument(value: Argument) -> Argument:
            nonlocal count
            if not isinstance(value, Ref) or value.name in self.pool.constants:
                return value
            count += 1
            return Ref(name) if count in wanted else value

        bare = replace(
            call, kwargs={k: v for k, v in call.kwargs.items() if k != "out"}
        )
        changed = mapped(bare, argument, lambda n: n)
        assert isinstance(changed, Call)
        out = {k: v for k, v in call.kwargs.items() if k == "out"}
        return replace(
            statement, operation=replace(changed, kwargs={**changed.kwargs, **out})
        )
