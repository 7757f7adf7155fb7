"""The calls of a program grouped into a few boxes, for a readable picture.

Calls that follow each other and share the scopes of their nodes' names (``/encoder/layer.0``)
share a box; how many scopes count is chosen such that there are not too many boxes. Where names
say nothing, a box is a stretch of calls.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .cost import Cost, total
from .rows import Row

MOST_BOXES = 40
DEEPEST = 8


@dataclass
class Box:
    """Calls of the graph itself that follow each other."""

    title: str
    rows: list[Row]
    """Bodies count as part of what calls them."""
    after: dict[int, str] = field(default_factory=dict)
    """The boxes that make what this one reads (-1: the inputs), and the first such value."""

    @property
    def first(self) -> int:
        """The number of the first call."""
        return self.rows[0].number

    @property
    def parameters(self) -> int:
        """The number of its parameters."""
        return sum(row.parameters for row in self.rows)

    @property
    def costs(self) -> list[Cost]:
        """Its multiply-adds."""
        return total(row.cost for row in self.rows)

    @property
    def operators(self) -> list[tuple[str, int]]:
        """The most frequent operators."""
        return Counter(o for row in self.rows for o in row.operators).most_common(3)


def boxes(rows: Sequence[Row], inputs: Iterable[str]) -> list[Box]:
    """Collapse rows to at most :data:`MOST_BOXES` boxes, connected by what they read."""
    top = _with_bodies(rows)
    found = _stretches(top) if len(top) > MOST_BOXES else None
    for depth in range(1, DEEPEST) if found is not None else ():
        groups = _by_scope(top, depth)
        if len(groups) > MOST_BOXES:
            break
        if len(groups) > 1:
            found = groups
    if found is None:
        found = [Box(group[0].name, list(group)) for group in top]
    _connect(found, inputs)
    return found


def _with_bodies(rows: Sequence[Row]) -> list[list[Row]]:
    """Return each call of the graph itself together with those inside it."""
    found: list[list[Row]] = []
    for row in rows:
        if row.depth == 0:
            found.append([])
        found[-1].append(row)
    return found


def _scopes(row: Row) -> tuple[str, ...]:
    """Return the scopes of a row's first node that has any, without the node's own name."""
    for node in row.nodes:
        parts = [p for p in re.split(r"[/]+", node.rpartition(": ")[0]) if p]
        if len(parts) > 1:
            return tuple(parts[:-1])
    return ()


def _by_scope(top: Sequence[list[Row]], depth: int) -> list[Box]:
    found: list[Box] = []
    before: tuple[str, ...] | None = None
    for group in top:
        scopes = (
            _scopes(group[0])[:depth] or before or ()
        )  # what has none stays with it
        if scopes != before or not found:
            found.append(Box("/".join(scopes) or group[0].name, []))
        found[-1].rows.extend(group)
        before = scopes
    return found


def _stretches(top: Sequence[list[Row]]) -> list[Box]:
    length = -(-len(top) // MOST_BOXES)
    found = []
    for start in range(0, len(top), length):
        rows = [row for group in top[start : start + length] for row in group]
        last = top[min(start + length, len(top)) - 1][0]
        title = rows[0].name if last is rows[0] else f"{rows[0].name} ... {last.name}"
        found.append(Box(title, rows))
    return found


def _connect(found: list[Box], inputs: Iterable[str]) -> None:
    makers = dict.fromkeys(inputs, -1)
    kinds: dict[str, str] = {}
    for index, box in enumerate(found):
        for row in box.rows:
            for value in row.reads:
                maker = makers.get(value)
                if maker is not None and maker != index:
                    box.after.setdefault(maker, f"{value}: {kinds.get(value, '')}")
            for value in row.makes:
                makers[value] = index
                kinds[value] = row.kind
