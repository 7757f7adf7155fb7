"""What goes into a run of statements and comes out of it, and what memory that takes.

A method holds what it is given until it returns, as does its caller. Values that statements free
on the way live longer, therefore, unless the run ends there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..ir.program import Call, Ref, Repeat, Statement, bodies_of, references, walk
from ..ir.types import ValueType
from ..plan.release import estimated_bytes

UNKNOWN = float("inf")
"""The size of a value of which nothing is known."""


@dataclass(frozen=True)
class Run:
    """Statements that may become a method."""

    start: int
    stop: int
    inputs: tuple[str, ...]
    """The values of the function that it reads, in the order of their first reading."""
    outputs: tuple[str, ...]
    """Those of its results that are read after it."""
    gone: tuple[str, ...]
    """Inputs that it frees or writes over, but for those of the function."""


class Flow:
    """The values of one function: where they are made, read and freed."""

    def __init__(
        self,
        statements: Sequence[Statement],
        inputs: Sequence[str],
        outputs: Sequence[str],
        types: Mapping[str, ValueType],
    ) -> None:
        self.statements, self.types = statements, types
        self.inputs = {*inputs}
        self.made = [tuple(filter(None, s.outputs)) for s in statements]
        self.values = {*inputs, *(name for made in self.made for name in made)}
        self.reads = [self._reads(statement) for statement in statements]
        self.freed = [_freed(statement) for statement in statements]
        self.last = {name: place for place, r in enumerate(self.reads) for name in r}
        self.last.update((name, len(statements)) for name in outputs)
        places = range(len(statements))
        self.listed = {name for place in places for name in self._listed(place)}
        self.live = self._live()

    def _reads(self, statement: Statement) -> tuple[str, ...]:
        """Return the values of the function that a statement reads, in its bodies too."""
        found: dict[str, None] = {}
        for each in walk((statement,)):
            found.update(dict.fromkeys(references(each.operation)))
            for body in bodies_of(each.operation):
                found.update(dict.fromkeys((*body.outputs, *body.captures)))
        return tuple(name for name in found if name in self.values)

    def _listed(self, place: int) -> Iterator[str]:
        """Yield the results of a loop that are elements of a list, as others are read too."""
        statement = self.statements[place]
        loop = statement.operation
        if not isinstance(loop, Repeat):
            return
        count = len(statement.outputs) // len(loop.rounds)
        for number in range(count):
            column = statement.outputs[number::count]
            if any(self.last.get(name, 0) > place for name in column[:-1]):
                yield from column

    def size(self, name: str) -> float:
        """Return about how many bytes a value takes."""
        size = estimated_bytes(self.types.get(name))
        return UNKNOWN if size is None else size

    def _live(self) -> list[float]:
        """Return about how many bytes are in use while each statement runs."""
        live, held = [], 0.0
        for statement, made, freed in zip(self.statements, self.made, self.freed):
            over = self.known([*_overwritten(statement)])
            held += max(0.0, self.known(made) - over)
            live.append(held)
            held -= self.known(freed) - over
        return live

    def known(self, names: Iterable[str]) -> float:
        """Return about how many bytes values take, but for those of which nothing is known."""
        return sum(size for size in map(self.size, names) if size != UNKNOWN)

    def runs(self, start: int, longest: int) -> Iterator[Run]:
        """Yield the runs of statements from ``start``, one longer than the other."""
        inputs: dict[str, None] = {}
        made: list[str] = []
        own: set[str] = set()
        for place in range(start, min(start + longest, len(self.statements))):
            if isinstance(self.statements[place].operation, Repeat):
                return
            inputs.update(dict.fromkeys(n for n in self.reads[place] if n not in own))
            made += self.made[place]
            own.update(self.made[place])
            if not self.listed.isdisjoint(inputs):
                return
            outputs = tuple(name for name in made if self.last.get(name, 0) > place)
            freed = (n for each in self.freed[start : place + 1] for n in each)
            given = (n for n in freed if n in inputs and n not in self.inputs)
            gone = tuple(dict.fromkeys(given))
            yield Run(start, place + 1, tuple(inputs), outputs, gone)

    def fits(self, run: Run) -> bool:
        """Whether a method takes no more memory than its statements, or than others do."""
        now, most, held = 0.0, 0.0, 0.0
        for place in range(run.start, run.stop):
            now = max(now, self.live[place])
            most = max(most, self.live[place] + held)
            held += sum(self.size(n) for n in self.freed[place] if n in run.gone)
        return most <= max(now, max(self.live) / 2)


def _freed(statement: Statement) -> tuple[str, ...]:
    """Return the values that a statement frees, or writes over."""
    return (*statement.frees, *_overwritten(statement))


def _overwritten(statement: Statement) -> Iterator[str]:
    """Yield the value in whose place a result is written."""
    call = statement.operation
    out = call.kwargs.get("out") if isinstance(call, Call) else None
    if isinstance(out, Ref):
        yield out.name
