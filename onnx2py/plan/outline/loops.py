"""Calls of one block, one after the other -> a loop over its instances (rule G7).

Each input of a round is the same in all, an output of the round before, or something that
exists before the loop: a cache of each layer. What the rounds return can be read later. Where
instances are modules of a tree (rule G10), a loop walks neighbors in a list, or calls one again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from ...ir.blocks import Outline, mapped
from ...ir.program import Apply, Ref, Repeat, Statement, bodies_of


def with_loops(outline: Outline) -> Outline:
    """Return the outline with loops in place of calls that follow each other."""
    blocks = {
        name: replace(block, statements=tuple(_looped(block.statements)))
        for name, block in outline.blocks.items()
    }
    return Outline(tuple(_looped(outline.statements)), blocks)


def _looped(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Yield statements, and loops for calls."""
    run = _Run()
    for statement in statements:
        operation = statement.operation
        if isinstance(operation, Apply) and run.takes(statement):
            continue
        yield from run.written()
        run = _Run()
        if isinstance(operation, Apply):
            run.takes(statement)
        elif bodies_of(operation):
            same = mapped(operation, lambda a: a, lambda n: n, _looped)
            yield replace(statement, operation=same)
        else:
            yield statement
    yield from run.written()


@dataclass
class _Run:
    """Calls that one loop can make."""

    calls: list[Statement] = field(default_factory=list)
    roles: list[set[int | str]] = field(default_factory=list)
    """What each input can be: ``same``, ``each``, or the number of an output."""
    made: set[str] = field(default_factory=set)

    def takes(self, statement: Statement) -> bool:
        """Add a call, and say whether it could be added."""
        call = statement.operation
        assert isinstance(call, Apply)
        if not self.calls:
            outputs = range(len(statement.outputs))
            self.roles = [{"same", "each", *outputs} for _ in call.arguments]
        else:
            first = self.calls[0].operation
            assert isinstance(first, Apply)
            if call.block != first.block or not self._follows(call.attribute):
                return False
            roles = [*self._narrowed(call.arguments)]
            if not all(roles) or not _consistent(roles, first.arguments):
                return False
            self.roles = roles
        self.calls.append(statement)
        self.made.update(statement.outputs)
        return True

    def _follows(self, module: str) -> bool:
        """Whether a module is the next of a list, or all calls are of one."""
        before = [
            c.operation.attribute for c in self.calls if isinstance(c.operation, Apply)
        ]
        steps = {*map(_step, before, [*before[1:], module])}
        return not module or steps in ({0}, {1})

    def _narrowed(self, arguments: Sequence[Ref]) -> Iterator[set[int | str]]:
        """Yield what each input can be if these are the next round's."""
        before = self.calls[-1]
        assert isinstance(before.operation, Apply)
        for roles, last, ref in zip(self.roles, before.operation.arguments, arguments):
            can: set[int | str] = {
                i for i, name in enumerate(before.outputs) if name == ref.name
            }
            if last == ref:
                can.add("same")
            if ref.name not in self.made:
                can.add("each")
            yield roles & can

    def written(self) -> Iterator[Statement]:
        """Yield a loop, or the only call."""
        if len(self.calls) < 2:
            yield from self.calls
            return
        calls = [c.operation for c in self.calls if isinstance(c.operation, Apply)]
        frees = (name for call in self.calls for name in call.frees)
        yield Statement(
            Repeat(
                calls[0].block,
                tuple(call.arguments for call in calls),
                tuple(call.attribute for call in calls),
            ),
            tuple(name for call in self.calls for name in call.outputs),
            (),
            frees=tuple(n for n in dict.fromkeys(frees) if n not in self.made),
        )


def _step(module: str, other: str) -> int | None:
    """Return how far apart two modules of one list are, None if they are of none."""
    if module == other:
        return 0
    pairs = (re.fullmatch(r"(.*?)(0|[1-9]\d*)", path) for path in (module, other))
    (stem, number), (other_stem, other_number) = (
        m.groups() if m else ("", "") for m in pairs
    )
    if not stem or stem != other_stem:
        return None
    return int(other_number) - int(number)


def _consistent(roles: Sequence[set[int | str]], first: Sequence[Ref]) -> bool:
    """Whether inputs that only one output can be start from one value."""
    starts: dict[int, str] = {}
    for can, ref in zip(roles, first):
        if can & {"same", "each"}:
            continue
        output = min(number for number in can if isinstance(number, int))
        if starts.setdefault(output, ref.name) != ref.name:
            return False
    return True
