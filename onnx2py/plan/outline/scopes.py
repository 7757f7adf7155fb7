"""Which module of the network each statement is of, as paths that can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ...ir.graph import Scope
from ...ir.program import Statement

Path = tuple[Scope, ...]
"""Modules inside each other, the outermost first."""

FEWEST = 4
"""With fewer modules, scopes say nothing of the network."""


def paths_of(statements: Sequence[Statement]) -> list[Path]:
    """Return the modules of statements; one without belongs to what those around it share."""
    return filled([statement.scopes for statement in statements])


def filled(own: Sequence[Path]) -> list[Path]:
    """Return paths, in place of an empty one what those around it share."""
    before: list[Path] = []
    last: Path = ()
    for path in own:
        last = path or last
        before.append(last)
    after: list[Path] = []
    last = ()
    for path in reversed(own):
        last = path or last
        after.append(last)
    return [
        path or common((first, second))
        for path, first, second in zip(own, before, reversed(after))
    ]


def are_usable(paths: Sequence[Path]) -> bool:
    """Whether most statements belong to modules, and to different ones."""
    inside = [path for path in paths if path]
    return 2 * len(inside) > len(paths) and len(set(inside)) >= FEWEST


def common(paths: Iterable[Path]) -> Path:
    """Return the modules that all paths begin with."""
    shared: Path | None = None
    for path in paths:
        if shared is None:
            shared = path
            continue
        count = shared_depth(shared, path)
        if count < len(shared):
            shared = shared[:count]
    return shared or ()


def shared_depth(a: Path, b: Path) -> int:
    """Return how many modules two paths begin with."""
    count = 0
    for left, right in zip(a, b):
        if left.path != right.path:
            break
        count += 1
    return count


def is_numbered(scope: Scope) -> bool:
    """Whether a module is one of several: ``layers.3``, ``layer1``, ``blocks_2``."""
    return re.search(r"\d\Z", scope.path) is not None
