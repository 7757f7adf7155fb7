"""Long functions are divided: runs of statements become methods, and what is left an outline.

D1  A function of more than 50 lines is divided, another is not.
D2  A method is a run of statements between loops over instances. It cuts no module of the
    network, has at most 4 inputs and 3 outputs, and is not shorter than 8 lines.
D3  It takes no memory that its statements would not take (see ``section_flow``).
D4  Of all ways to divide a function, the one that is least to read: each input and each output
    of a method counts, and so does its length. Whole modules are preferred.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ..ir.program import (
    Apply,
    Body,
    Branch,
    Call,
    Program,
    Repeat,
    Section,
    Statement,
    bodies_of,
)
from ..ir.symbols import Symbol
from ..plan.outline.scopes import Path, common, paths_of, shared_depth
from .branches import stands_inside
from .chains import is_view
from .section_flow import Flow, Run

LONG = 50
"""Lines of a function that is divided."""
SHORTEST, LONGEST = 8, 45
"""Lines of a method."""
MOST_INPUTS, MOST_OUTPUTS = 4, 3
MOST_STATEMENTS = 5000
"""Longer functions are left alone: no outline of them would fit on a page."""

METHOD, INPUT, OUTPUT, PART = 4.0, 1.5, 3.0, 5.0
"""What a method costs its reader, in lines: alone, for each further input and output, and if it
is no whole module."""


@dataclass(frozen=True)
class Part:
    """A run that becomes a method."""

    run: Run
    module: str
    """The module that it belongs to, below the one of the function."""
    is_whole: bool


def divide(program: Program) -> list[Part]:
    """Return the runs of a long function that become methods."""
    statements = program.statements
    lines = [_lines(statement) for statement in statements]
    if sum(lines) <= LONG or len(statements) > MOST_STATEMENTS:
        return []
    flow = Flow(statements, program.inputs, program.outputs, program.types)
    return _Search(flow, lines, paths_of(statements)).best()


def with_sections(program: Program, parts: Sequence[Part]) -> Program:
    """Return a program with a section in the place of each run."""
    return replace(program, statements=tuple(_divided(program.statements, parts)))


def _divided(
    statements: Sequence[Statement], parts: Sequence[Part]
) -> Iterator[Statement]:
    start = 0
    for part in parts:
        run = part.run
        yield from statements[start : run.start]
        inside = tuple(statements[run.start : run.stop])
        body = Body("", (), run.inputs, run.outputs, inside)
        section = Section(body, part.module, part.is_whole)
        scopes = common(statement.scopes for statement in inside if statement.scopes)
        yield Statement(section, run.outputs, (), frees=run.gone, scopes=scopes)
        start = run.stop
    yield from statements[start:]


@dataclass
class _Search:
    """Looks for the division of a function that costs least."""

    flow: Flow
    lines: list[float]
    paths: list[Path]
    outer: Path = field(init=False)

    def __post_init__(self) -> None:
        self.outer = common(path for path in self.paths if path)
        self.depths = [shared_depth(a, b) for a, b in zip(self.paths, self.paths[1:])]
        """How many modules each statement shares with the next."""
        self.has_modules = len({path for path in self.paths if path}) > 1

    def best(self) -> list[Part]:
        """Return the methods."""
        count = len(self.lines)
        costs = [0.0] * (count + 1)
        chosen: list[Part | None] = [None] * count
        for start in reversed(range(count)):
            costs[start] = self.lines[start] + costs[start + 1]
            for part, cost in self.methods(start):
                if cost + costs[part.run.stop] < costs[start]:
                    costs[start] = cost + costs[part.run.stop]
                    chosen[start] = part
        found, place = [], 0
        while place < count:
            best = chosen[place]
            if best is not None:
                found.append(best)
            place = best.run.stop if best is not None else place + 1
        return found

    def methods(self, start: int) -> Iterator[tuple[Part, float]]:
        """Yield the methods that may begin with a statement, and what they cost a reader."""
        lines = 0.0
        for run in self.flow.runs(start, 2 * LONGEST):
            lines += self.lines[run.stop - 1]
            if lines > LONGEST or len(run.inputs) > 2 * MOST_INPUTS:
                return
            few = len(run.inputs) <= MOST_INPUTS and len(run.outputs) <= MOST_OUTPUTS
            if lines < SHORTEST or not few or not run.outputs:
                continue
            module = common(self.paths[run.start : run.stop])
            around = self.around(run)
            if around > len(module) or not self.flow.fits(run):
                continue
            is_whole = max(around, len(self.outer)) < len(module)
            cost = METHOD + lines / 5 + lines * lines / 250 + len(run.gone)
            cost += INPUT * max(0, len(run.inputs) - 1)
            cost += OUTPUT * (len(run.outputs) - 1)
            cost += PART if self.has_modules and not is_whole else 0
            yield Part(run, self.below(module), is_whole), cost

    def around(self, run: Run) -> int:
        """Return how many modules a run shares with a statement next to it."""
        before = self.depths[run.start - 1] if run.start else 0
        after = self.depths[run.stop - 1] if run.stop < len(self.paths) else 0
        return max(before, after)

    def below(self, module: Path) -> str:
        """Return a module below the one of the function."""
        if len(module) <= len(self.outer):
            return ""
        path, base = module[-1].path, self.outer[-1].path if self.outer else ""
        return path[len(base) + 1 :] if path.startswith(f"{base}.") else path


def _lines(statement: Statement) -> float:
    """Return about how many lines a statement takes."""
    operation, frees = statement.operation, bool(statement.frees)
    if isinstance(operation, Repeat):
        return 4
    if isinstance(operation, Apply):
        return 1 + frees
    if isinstance(operation, Call):
        if is_view(operation) and not frees:
            return 0.5
        return 1 + frees + (_arguments(operation) > 4)
    if isinstance(operation, Branch) and stands_inside(operation):
        inner = sum(len(body.statements) for body in bodies_of(operation))
        return 1 + 2 * inner + frees
    return 5 + frees


def _arguments(call: Call) -> int:
    """Return how many arguments a call has in the source."""
    if isinstance(call.function, Symbol):
        return call.function.count_written(call)
    return len(call.args) + len(call.kwargs)
