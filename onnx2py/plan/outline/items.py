"""Items of the sequences that the search looks at, each an operation or a call of a block.

An item stands for all applications of the sequence that it is in, which makes it one of many
statements: items that are alike are merged, and taken apart where a block is given up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...ir.program import Statement
from .scopes import Path, common


@dataclass(eq=False)
class Line:
    """A sequence of items, in all applications of what it belongs to."""

    items: list[Item]
    outputs: frozenset[str]
    """What is read after its end, by the names of the first application."""
    count: int = 1
    """Its applications."""


@dataclass(eq=False)
class Item:
    """One operation, or one call of a block, in all applications of its sequence.

    Names are those of the first application.
    """

    key: Any
    """What is equal in those alike, bodies apart."""
    own_reads: tuple[str, ...]
    """What it reads itself, and its bodies capture."""
    reads: tuple[str, ...]
    """The same, then what its bodies read."""
    makes: tuple[str, ...]
    weights: tuple[str, ...]
    literals: tuple[Any, ...]
    path: Path
    lines: int
    """What it takes in the file, or took before it took in the calls behind it."""
    calls: int = 1
    """How many it stands for itself, and the calls that it has taken in."""
    statements: list[Statement] = field(default_factory=list)
    """Those of each application; none for a call of a block."""
    bodies: list[Line] = field(default_factory=list)
    block: Chosen | None = None
    numbers: list[int] = field(default_factory=list)
    """Which applications of the block are called."""

    @property
    def all_lines(self) -> int:
        """What it takes in the file with its bodies."""
        return self.lines + sum(i.all_lines for body in self.bodies for i in body.items)

    @property
    def all_calls(self) -> int:
        """How many operations it stands for."""
        lines = self.bodies if self.block is None else [self.block.line]
        own = self.calls if self.block is None else 0
        return own + sum(item.all_calls for line in lines for item in line.items)


@dataclass(eq=False)
class Chosen:
    """A block that the search has chosen."""

    name: str
    line: Line
    is_module: bool
    """Whether its applications are modules of the network, not parts of some."""
    leaf: str = ""
    """The path of the first layer, or constant, within each of these modules (rule G10)."""


def without(block: Chosen, items: Sequence[Item]) -> Iterator[Item]:
    """Yield items with those of a block in place of its calls."""
    for item in items:
        if item.block is block:
            yield from (_picked(inner, item.numbers) for inner in block.line.items)
        else:
            yield item


def _picked(item: Item, numbers: Sequence[int]) -> Item:
    """Return an item in some of its applications."""
    bodies = [
        Line([_picked(i, numbers) for i in body.items], body.outputs, len(numbers))
        for body in item.bodies
    ]
    return replace(
        item,
        statements=[item.statements[n] for n in numbers] if item.statements else [],
        numbers=[item.numbers[n] for n in numbers] if item.numbers else [],
        bodies=bodies,
    )


def merged(items: Sequence[Item]) -> Item:
    """Return one item for those that are alike, whose applications follow each other."""
    first = items[0]
    return replace(
        first,
        path=common(item.path for item in items) if not first.path else first.path,
        literals=tuple(map(joined, zip(*(item.literals for item in items)))),
        statements=[s for item in items for s in item.statements],
        numbers=[number for item in items for number in item.numbers],
        bodies=[
            Line(
                [merged(column) for column in zip(*(line.items for line in lines))],
                lines[0].outputs,
                sum(line.count for line in lines),
            )
            for lines in zip(*(item.bodies for item in items))
        ],
    )


class Differs:
    """In place of a literal that differs between the applications of an item."""


def joined(literals: Sequence[Any]) -> Any:
    """Return the literal that all are, or something that is equal to none."""
    return literals[0] if len(set(literals)) == 1 else Differs()
