"""Sections of a function: consecutive statements of one module, below its name.

A module with a few statements is no section: what reads as one thought stays together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from ..ir.program import Call, Statement, count_taken
from ..plan.outline.scopes import Path, common, paths_of

FEWEST = 3
"""Statements of a section, and what they have taken in."""
MOST = 8
"""A section of more statements is divided where the modules in it are sections too."""


@dataclass(frozen=True)
class Section:
    """Statements between blank lines."""

    statements: tuple[Statement, ...]
    scope: str
    """The module that all belong to, which their comments need not name."""
    title: str = ""
    """What the heading says: the module below the one that the function belongs to."""


def sections_of(
    statements: Sequence[Statement], is_line: Callable[[Statement], bool]
) -> Iterator[Section]:
    """Divide the statements of a function; a loop or a branch is a section of its own.

    ``is_line`` says whether a statement is one line that has others around it.
    """
    plain = [is_line(statement) for statement in statements]
    paths = paths_of(statements)
    outer = common(path for path in paths if path)
    start = 0
    for end in _ends(statements, plain):
        for first, last, path in _divided(statements, paths, start, end, outer):
            if plain[last - 1]:
                yield _section(statements[first:last], path, outer)
            else:
                yield Section(tuple(statements[first:last]), _name(paths[last - 1]))
        start = end


def _section(statements: Sequence[Statement], path: Path, outer: Path) -> Section:
    """Return a section of the module ``path`` in a function of the module ``outer``."""
    scope, base = _name(path), _name(outer)
    title = scope[len(base) + 1 :] if scope.startswith(f"{base}.") else scope
    is_short = len(path) <= len(outer) or _is_short(statements)
    return Section(tuple(statements), scope, "" if is_short else title)


def _size(statements: Sequence[Statement]) -> int:
    """Return how many statements there were before some took in others."""
    return sum(1 + count_taken(statement.operation) for statement in statements)


def _is_short(statements: Sequence[Statement]) -> bool:
    """Whether statements are one, or few with all that they have taken in."""
    return len(statements) < 2 or _size(statements) < FEWEST


def _ends(statements: Sequence[Statement], plain: Sequence[bool]) -> Iterator[int]:
    """Yield where runs of plain lines end, and where loops and branches do.

    The lengths that a branch is about to read belong to it.
    """
    for place, _ in enumerate(statements):
        if not plain[place]:
            start = place
            while start and _is_length(statements[start - 1]):
                start -= 1
            yield from (start, place + 1)
    yield len(statements)


def _is_length(statement: Statement) -> bool:
    return isinstance(statement.operation, Call) and not statement.nodes


def _divided(
    statements: Sequence[Statement],
    paths: Sequence[Path],
    start: int,
    end: int,
    outer: Path,
) -> Iterator[tuple[int, int, Path]]:
    """Yield the start and end of each section, and its modules: ``outer`` for what is left."""
    waiting = start
    for first, last in _runs(paths, start, end, len(outer)):
        inner = common(paths[first:last])
        if _is_short(statements[first:last]) or len(inner) <= len(outer):
            continue
        if waiting < first:
            yield waiting, first, outer
        waiting = last
        parts = [(first, last, inner)]
        if _size(statements[first:last]) > MOST:
            parts = [*_divided(statements, paths, first, last, inner)]
        yield from parts
    if waiting < end:
        yield waiting, end, outer


def _runs(
    paths: Sequence[Path], start: int, end: int, depth: int
) -> Iterator[tuple[int, int]]:
    """Yield where consecutive statements belong to the same module at a depth."""
    keys = [
        paths[n][depth].path if len(paths[n]) > depth else "" for n in range(start, end)
    ]
    first = start
    for _, run in groupby(keys):
        last = first + sum(1 for _ in run)
        yield first, last
        first = last


def _name(path: Path) -> str:
    return path[-1].path if path else ""
