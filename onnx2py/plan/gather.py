"""Statements of one module stand together, what all layers share before the first of them.

G1  What stands between the statements of one of several modules (``layers.3``) and is of none
    of them -> before or after, if nothing that it reads or that reads it is in between.
G2  What one of several modules has and reads, and others read and lack -> before it: masks and
    angles that the first layer computes for all.

Values do not change: a call is a function of its arguments. A program that draws random numbers
keeps its order, and so do bodies of control flow.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from ..ir.program import Call, Program, Statement
from ..traits.kernels import kernel_traits
from .outline.scopes import Path, is_numbered, paths_of
from .outline.tokens import form_of, path_of
from .traverse import reads_of, with_blocks

MOST_LOOKS = 16
"""How often each statement is looked at, on average, before the rest stays as it is."""

LAYERS = re.compile(r"matmul|project|gemm|linear|conv|attention|einsum|lstm|gru|rnn")
"""Functions that are the work of a module: they stay in it."""

Key = tuple[str, ...]


def gather(program: Program) -> Program:
    """Bring the statements of each module together (rules G1 and G2)."""
    if any(_is_random(s) for s in program.walk()):
        return program
    return with_blocks(program, lambda statements, _: _Gathering(statements).done())


def _is_random(statement: Statement) -> bool:
    call = statement.operation
    return isinstance(call, Call) and kernel_traits(call.function).random


class _Gathering:
    """The statements of one sequence, by their numbers."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        self.statements = statements
        self.paths = paths_of(statements)
        self.reads = [frozenset(reads_of(s.operation)) for s in statements]
        self.order = [*range(len(statements))]
        self.place = [*self.order]
        """Where each statement stands in the order."""
        self.looks = MOST_LOOKS * len(statements)
        self.groups: dict[Key, list[int]] = {}
        for number, path in enumerate(self.paths):
            for key in _numbered(path):
                self.groups.setdefault(key, []).append(number)
        self.families: dict[Key, list[Key]] = {}
        for key in self.groups:
            self.families.setdefault(_family(key), []).append(key)
        self.tokens: dict[int, Any] = {}

    def done(self) -> Iterator[Statement]:
        """Yield the statements in their new order, those that were lifted with other scopes."""
        for key in sorted(self.groups, key=len):
            if self.looks > 0:
                self.lift(key)
                self.gather(self.groups[key])
        for number in self.order:
            statement = self.statements[number]
            if statement.scopes and statement.scopes != self.paths[number]:
                statement = replace(statement, scopes=self.paths[number])
            yield statement

    def lift(self, key: Key) -> None:
        """Let what all of a family read, and one alone has, belong to what is around it."""
        others = [k for k in self.families[_family(key)] if k != key]
        members = self.groups[key]
        made = {name: n for n in members for name in self.statements[n].outputs if name}
        needed: list[int] = []
        for other in others:
            self.looks -= len(self.groups[other])
            read = (name for n in self.groups[other] for name in self.reads[n])
            needed += [made[name] for name in read if name in made]
        if not needed or self.looks < 0:
            return
        lifted: set[int] = set()
        own = {name for n in members for name in self.reads[n]}
        for number in dict.fromkeys(needed):
            results = self.statements[number].outputs
            if not own.isdisjoint(results):
                lifted |= self.sources(number, made, key, others) or set()
        for number in lifted:
            self.paths[number] = self.paths[number][: len(key) - 1]
        for inner in _prefixed(self.groups, key) if lifted else ():
            self.groups[inner] = [n for n in self.groups[inner] if n not in lifted]

    def sources(
        self, number: int, made: dict[str, int], key: Key, others: Sequence[Key]
    ) -> set[int] | None:
        """Return the statements of its module that one needs, if others lack each of them."""
        found: set[int] = set()
        waiting = [number]
        while waiting:
            each = waiting.pop()
            if each in found:
                continue
            found.add(each)
            if not self.is_extra(each, key, others):
                return None
            waiting += [made[name] for name in self.reads[each] if name in made]
        return found

    def is_extra(self, number: int, key: Key, others: Sequence[Key]) -> bool:
        """Whether another module of the family has fewer such statements, which are light."""
        call = self.statements[number].operation
        if not isinstance(call, Call) or LAYERS.search(path_of(call.function)):
            return False
        own = self.count(key)[self.token(number, len(key))]
        return any(self.count(k)[self.token(number, len(key))] < own for k in others)

    def count(self, key: Key) -> Counter[Any]:
        """Return how many statements of each kind a module has."""
        numbers = self.groups[key]
        return Counter(self.token(number, len(key)) for number in numbers)

    def token(self, number: int, depth: int) -> Any:
        """Return a key that is the same for alike statements of two modules."""
        if number not in self.tokens:
            self.tokens[number] = form_of(self.statements[number].operation, {}).key
        inmost = self.paths[number][depth - 1 :]
        rest = inmost[-1].path.removeprefix(inmost[0].path) if inmost else ""
        return (rest, self.tokens[number])

    def gather(self, members: Sequence[int]) -> None:
        """Move what stands between the statements of a module."""
        inside = {*members}
        if len(inside) < 2:
            return
        places = [self.place[number] for number in inside]
        first, last = min(places), max(places) + 1
        if last - first == len(inside):
            return
        span = self.order[first:last]
        self.looks -= len(span)
        before, rest = self.split(span, inside)
        moved = [*before, *rest]
        kept = [i for i, number in enumerate(moved) if number in inside]
        if kept[-1] - kept[0] + 1 >= len(span):
            return
        self.order[first:last] = moved
        for place, number in enumerate(moved, first):
            self.place[number] = place

    def split(
        self, span: Sequence[int], inside: set[int]
    ) -> tuple[list[int], list[int]]:
        """Return the statements for before a module, then the module with those for after it."""
        before: list[int] = []
        rest: list[int] = []
        made: set[str] = set()
        for number in span:
            outputs = self.statements[number].outputs
            is_fixed = not isinstance(self.statements[number].operation, Call)
            if number in inside or is_fixed or not made.isdisjoint(self.reads[number]):
                rest.append(number)
                made.update(name for name in outputs if name)
            else:
                before.append(number)
        needed: set[str] = set()
        kept: list[int] = []
        after: list[int] = []
        for number in reversed(rest):
            outputs = self.statements[number].outputs
            is_fixed = not isinstance(self.statements[number].operation, Call)
            if number in inside or is_fixed or not needed.isdisjoint(outputs):
                kept.append(number)
                needed.update(self.reads[number])
            else:
                after.append(number)
        return before, [*reversed(kept), *reversed(after)]


def _numbered(path: Path) -> Iterator[Key]:
    """Yield the beginnings of a path that end in one of several modules."""
    for depth, scope in enumerate(path, 1):
        if is_numbered(scope):
            yield tuple(scope.path for scope in path[:depth])


def _family(key: Key) -> Key:
    return (*key[:-1], re.sub(r"\d+\Z", "#", key[-1]))


def _prefixed(keys: Iterable[Key], start: Key) -> list[Key]:
    return [key for key in keys if key[: len(start)] == start]
