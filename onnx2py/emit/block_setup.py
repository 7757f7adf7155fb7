"""What the setup makes for each instance of a block, in the same way: its constructor makes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..ir.blocks import mapped
from ..ir.graph import new_name
from ..ir.program import Argument, Call, Ref, Statement
from .block_given import key_of

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
        self.parts.setup.reverse()

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
        columns = zip(*map(_slots, statements))
        operation = mapped(
            first.operation,
            lambda _: self.column(next(columns), added),
            lambda name: name,
        )
        outputs = tuple(self.locals_of(name, 0)[0] for name in first.outputs)
        self.parts.setup.append(replace(first, operation=operation, outputs=outputs))
        self.planner.moved.update(map(id, statements))
        return added

    def column(self, column: Sequence[Argument], added: list[str]) -> Argument:
        """Return the local argument for those of all instances."""
        names = tuple(value.name for value in column if isinstance(value, Ref))
        if not names:
            if len({key_of(value) for value in column}) == 1:
                return column[0]
            local = new_name("setting", self.parts.taken)
            self.parts.taken[local] = 0
            self.parts.given[local] = tuple(column)
            return Ref(local)
        for known, others in self.columns.items():
            if others == names:
                return Ref(known)
        local = names[0] if names[0] not in self.parts.taken else ""
        local = local or new_name(names[0], self.parts.taken)
        self.parts.taken[local] = 0
        self.columns[local] = names
        added.append(local)
        return Ref(local)


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
