"""What a block spares its reader (rule G5): lines, less what they cost to be understood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .items import Item, Line
from .pool import CLASS, LINES
from .scopes import common, shared_depth

FEWEST_CALLS = 4
"""A block of fewer has more name than content."""
LEAST = 8
MOST_INPUTS, MOST_OUTPUTS = 9, 5


@dataclass(frozen=True)
class Window:
    """A run of items: from ``start`` up to ``stop``."""

    line: Line
    start: int
    stop: int
    leaf: str = ""
    """The path of the first layer, or constant, within the module that it is (rule G10)."""
    is_whole: bool = True
    """Whether it is all of the module, not what its layers are around alone."""

    @property
    def items(self) -> list[Item]:
        """Its items."""
        return self.line.items[self.start : self.stop]


def flow(items: Sequence[Item]) -> tuple[tuple[int, ...], dict[str, int]]:
    """Return which results of a window each argument is, -1 for none, and the places of results.

    Windows of equal items with the same flow are alike (rule G3).
    """
    place: dict[str, int] = {}
    count = 0
    for item in items:
        for name in item.makes:
            if name:
                place[name] = count
            count += 1
    reads = (place.get(name, -1) for item in items for name in item.reads)
    return tuple(reads), place


class Readers:
    """How often each value is read in the sequences."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.reads: Counter[str] = Counter()
        for line in lines:
            self.reads.update(line.outputs)
            self.reads.update(name for item in line.items for name in item.own_reads)

    def outputs(self, window: Window) -> frozenset[str]:
        """Return the results of a window that are read after it."""
        made = {name for item in window.items for name in item.makes if name}
        inside = Counter(_read(window.items))
        kept = window.line.outputs
        return frozenset(
            name for name in made if name in kept or self.reads[name] > inside[name]
        )


def _read(items: Sequence[Item]) -> Iterator[str]:
    """Yield what items read, in their bodies too."""
    for item in items:
        yield from item.own_reads
        for body in item.bodies:
            yield from body.outputs
            yield from _read(body.items)


@dataclass(frozen=True)
class Cost:
    """What windows that are alike become."""

    inputs: int
    outputs: int
    weights: int
    settings: int
    gain: float


def cost(windows: Sequence[Window], readers: Readers) -> Cost:
    """Return the cost of a block of windows that are alike, and its gain in lines."""
    rows = [window.items for window in windows]
    first = rows[0]
    _, place = flow(first)
    values = [c for c in columns(rows, "reads") if c[0] not in place]
    weights = columns(rows, "weights")
    settings = sum(len({*column}) > 1 for column in columns(rows, "literals"))
    outputs: set[int] = set()
    for window in windows:
        _, place = flow(window.items)
        outputs.update(place[name] for name in readers.outputs(window))
    many = len(windows)
    runs = 1 + sum(
        a.line is not b.line or a.stop != b.start for a, b in zip(windows, windows[1:])
    )
    calls = runs if many >= 3 and runs < many else many
    gain = float((many - 1) * sum(item.all_lines for item in first))
    gain += 2 * len(weights) * (many - 1)
    gain -= CLASS + (LINES + 1) * calls + 2 * settings
    gain -= 2 * max(0, len(values) - 2) + 4 * max(0, len(outputs) - 1)
    if len(values) > MOST_INPUTS or len(outputs) > MOST_OUTPUTS:
        gain = 0
    return Cost(len(values), len(outputs), len(weights), settings, gain)


def weighed(worth: Cost) -> float:
    """Return the gain of a block, less what it loses by several ways in and out."""
    ways = 0.65 ** max(0, worth.outputs - 1) * 0.93 ** max(0, worth.inputs - 1)
    return worth.gain * ways


def fit(windows: Sequence[Window]) -> tuple[float, float]:
    """Return how many windows are whole modules, and how many cut one, of 1."""
    whole = cut = 0
    for window in windows:
        items = window.line.items
        depth = len(common(item.path for item in window.items))
        ends = [
            shared_depth(items[i].path, items[i + 1].path)
            for i in (window.start - 1, window.stop - 1)
            if 0 <= i < len(items) - 1
        ]
        cut += any(end > depth for end in ends)
        whole += all(end < depth for end in ends)
    return whole / len(windows), cut / len(windows)


def columns(rows: Sequence[Sequence[Item]], what: str) -> dict[tuple[Any, ...], None]:
    """Return the columns of all windows, each once: what stands in the same place."""
    found: dict[tuple[Any, ...], None] = {}
    for items in zip(*rows):
        found.update(dict.fromkeys(zip(*(getattr(item, what) for item in items))))
    return found
