"""What the setup makes for each instance of a block, in the same way: its constructor makes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..ir.blocks import has_references, mapped
from ..ir.graph import new_name
from ..ir.program import Argument, Call, Kernel, Ref, Statement
from ..plan.outline.windows import argument_names
from .block_given import key_of
from .patterns import pattern

if TYPE_CHECKING:
    from .block_parts import Planner


class Absorber:
    """Moves statements of the setup into the constructor of a block."""

    def __init__(self, planner: Planner, name: str, uses: Counter[str]) -> None:
        self.planner, self.name, self.uses = planner, name, uses
        self.parts = planner.parts[name]
        self.columns = planner.columns[name]

    def absorb(self) -> None:
        """Move statements as long as there are any, the last first."""
        waiting = [*self.columns]
        while waiting:
            local = waiting.pop(0)
            makers = [self.planner.made_by.get(n) for n in self.columns[local]]
            statements = [s for s in makers if s is not None]
            if len(statements) == len(makers) and self.movable(statements):
                waiting += self.move(statements)
            elif statements:
                self.prepare(local)
        self.parts.setup.reverse()

    def prepare(self, local: str) -> None:
        """Let a constructor prepare a constant in the way that it is given, if that is all."""
        names = self.columns[local]
        ways = [_way(self.planner.made_by.get(n)) for n in names]
        sources = tuple(way[1] if way else name for way, name in zip(ways, names))
        alone = all(self.uses[name] == 1 for name in (*names, *sources))
        stored = all(name in self.planner.program.weights for name in sources)
        if not (alone and stored) or len(set(sources)) != len(sources):
            return
        made = [self.planner.made_by[n] for n, way in zip(names, ways) if way]
        if any(id(statement) in self.planner.moved for statement in made):
            return
        self.planner.moved.update(map(id, made))
        raw = self.fresh(sources[0])
        self.columns[raw] = sources
        way = self.fresh("prepare")
        self.parts.given[way] = tuple(each[0] if each else None for each in ways)
        self.parts.prepared[local] = (raw, way)

    def fresh(self, name: str) -> str:
        """Return a local name that nothing else has."""
        taken = self.parts.taken
        local = name if name not in taken else new_name(name, taken)
        taken[local] = 0
        return local

    def movable(self, statements: Sequence[Statement]) -> bool:
        """Whether nothing else reads what the statements make, and they are alike."""
        numbers = {id(s) for s in statements}
        if len(numbers) != len(statements) or numbers & self.planner.moved:
            return False
        uses = self.uses
        rows = {name: n for n, s in enumerate(statements) for name in s.outputs if name}
        own: Counter[str] = Counter()
        for names in self.columns.values():
            own.update(n for row, n in enumerate(names) if rows.get(n) == row)
        if any(uses[name] != own[name] for name in rows):
            return False
        places = [
            tuple(local for name in s.outputs for local in self.locals_of(name, row))
            for row, s in enumerate(statements)
        ]
        if len({len(self.locals_of(name, row)) for name, row in rows.items()}) > 1:
            return False
        return len(set(places)) == 1 and len({_shape_of(s) for s in statements}) == 1

    def locals_of(self, name: str, row: int) -> tuple[str, ...]:
        """Return the local names of a value of an instance, "" for one that nothing reads."""
        found = tuple(k for k, names in self.columns.items() if names[row] == name)
        return found or ("",)

    def move(self, statements: Sequence[Statement]) -> list[str]:
        """Move statements, and return the new local names of what they read."""
        first = statements[0]
        added: list[str] = []
        columns = zip(*map(_slots, statements), strict=True)
        hints = argument_names(first.operation)
        operation = mapped(
            first.operation,
            lambda _: self.column(next(columns), added, next(hints, "value")),
            lambda name: name,
        )
        outputs = tuple(self.locals_of(name, 0)[0] for name in first.outputs)
        nodes = tuple(map(pattern, zip(*(s.nodes for s in statements))))
        moved = replace(first, operation=operation, outputs=outputs, nodes=nodes)
        self.parts.setup.append(moved)
        self.planner.moved.update(map(id, statements))
        return added

    def column(
        self, column: Sequence[Argument], added: list[str], hint: str
    ) -> Argument:
        """Return the local argument for those of all instances."""
        names = tuple(value.name for value in column if isinstance(value, Ref))
        if not names:
            if len({key_of(value) for value in column}) == 1:
                return column[0]
            local = self.fresh(hint)
            self.parts.given[local] = tuple(column)
            return Ref(local)
        for known, others in self.columns.items():
            if others == names:
                return Ref(known)
        local = self.fresh(names[0])
        self.columns[local] = names
        added.append(local)
        return Ref(local)


def _way(statement: Statement | None) -> tuple[Kernel, str] | None:
    """Return the function with its options that makes a value of one other, and that."""
    call = statement.operation if statement is not None else None
    if not isinstance(call, Call) or call.results is not None or len(call.args) != 1:
        return None
    source = call.args[0]
    if not isinstance(source, Ref) or any(map(has_references, call.kwargs.values())):
        return None
    return Kernel(call.function, call.kwargs), source.name


def _slots(statement: Statement) -> Iterator[Argument]:
    found: list[Argument] = []

    def noted(value: Argument) -> Argument:
        found.append(value)
        return value

    mapped(statement.operation, noted, lambda name: name)
    yield from found


def _shape_of(statement: Statement) -> Any:
    """Return the parts that are alike in statements that one line stands for."""
    call = statement.operation
    assert isinstance(call, Call)
    kinds = tuple(isinstance(value, Ref) for value in _slots(statement))
    return (call.function, call.results, len(call.args), tuple(call.kwargs), kinds)
