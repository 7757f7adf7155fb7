"""Which runs of statements become blocks (rules G4 and G5): whole modules, then what repeats.

One round makes the block that spares most; its statements are one sequence of the pool from then
on, so that blocks are found in blocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .gain import (
    FEWEST_CALLS,
    LEAST,
    Cost,
    Readers,
    Window,
    columns,
    cost,
    fit,
    flow,
    weighed,
)
from .items import Chosen, Item, Line, merged
from .placed import Modules
from .pool import LINES, Pool
from .repeats import Repeats
from .scopes import are_usable, common, shared_depth

ROUNDS = 64
LEAST_PART = 500
"""The lines of a program, divided by this: the least that a block of a long one has to spare."""
MOST_LOOKS = 400_000
"""Items that all rounds may look at: what repeats shortens the rounds after it."""
MOST_ITEMS = 20_000
"""Of more, only whole modules become blocks."""
MOST_WORK, LEAST_WORK = 16, 50_000
"""How often each item may be looked at in one round, and how many items at least."""
WHOLE, CUT = 0.8, 0.34
"""Parts of the windows: the least that are whole modules, the most that cut one."""
PART = 0.25
"""What the gain of a part of a module counts that is a class already."""
SLACK = 2.2
"""How many times the gain may be what is spared: weights are not counted there."""


def search(pool: Pool) -> None:
    """Choose blocks until no further one spares lines."""
    modules = are_usable([item.path for line in pool.lines() for item in line.items])
    is_long = sum(len(line.items) for line in pool.lines()) > MOST_ITEMS
    by_modules = modules or pool.tree is not None
    by_runs = not is_long and pool.tree is None
    least = max(LEAST, pool.size() // LEAST_PART)
    looks = 0
    for _ in range(ROUNDS):
        looks += sum(len(line.items) for line in pool.lines())
        if looks > MOST_LOOKS and pool.blocks:
            return
        best = _Round(pool, modules, least).best_module() if by_modules else None
        if best is None:
            by_modules = False
            best = _Round(pool, modules, least).best_run() if by_runs else None
        if best is None:
            return
        _make(pool, best)


class _Round:
    """The search for one more block."""

    def __init__(self, pool: Pool, modules: bool, least: int) -> None:
        self.pool, self.modules = pool, modules
        self.classes = {id(b.line) for b in pool.blocks if b.is_module}
        self.lines = [line for line in pool.lines() if line.items]
        self.readers = Readers(self.lines)
        self.tokens = [[*map(pool.token, line.items)] for line in self.lines]
        self.best: Sequence[Window] | None = None
        self.gain = least - 1.0
        self.work = LEAST_WORK
        self.work += MOST_WORK * sum(len(line.items) for line in self.lines)

    def best_module(self) -> Sequence[Window] | None:
        """Return the best group of whole modules."""
        if self.pool.tree is not None:
            found = Modules(self.pool.tree, self.pool.constants, self.pool.blocks)
            for group in found.groups(self.lines, self.tokens, _modules):
                is_whole = all(window.is_whole for window in group)
                self.try_all(group, _of_modules if is_whole else _of_layers)
            return self.best
        groups: dict[Any, list[Window]] = {}
        for line, tokens in zip(self.lines, self.tokens):
            for start, stop in _modules(line.items):
                key = tuple(tokens[start:stop])
                groups.setdefault(key, []).append(Window(line, start, stop))
        for key, windows in groups.items():
            if len(windows) > 1 and len(set(key)) > 1:
                self.try_all(_apart(windows), _of_modules)
        return self.best

    def best_run(self) -> Sequence[Window] | None:
        """Return the best group of runs that repeat."""
        numbers: list[int] = []
        lines: list[int] = []
        where: list[tuple[Line, int]] = []
        for count, (line, tokens) in enumerate(zip(self.lines, self.tokens)):
            numbers += [*tokens, -1 - count]
            lines += [*(item.all_lines for item in line.items), 0]
            where += [(line, i) for i in range(len(tokens) + 1)]
        runs = Repeats(np.array(numbers))
        for bound, length, places in runs.candidates(2, np.array(lines)):
            if bound * SLACK + LEAST < self.gain or self.work < 0:
                break
            if _is_periodic(numbers[places[0] : places[0] + length]):
                continue
            windows = [
                Window(line, start, start + length)
                for line, start in (where[place] for place in places)
            ]
            self.try_all(windows, self.of_runs)
        return self.best

    def try_all(self, windows: Sequence[Window], factor: Any) -> None:
        """Keep windows of equal items if those that are alike are better than the best."""
        self.work -= sum(window.stop - window.start for window in windows)
        if sum(item.all_calls for item in windows[0].items) < FEWEST_CALLS:
            return
        alike: dict[tuple[int, ...], list[Window]] = {}
        for window in windows:
            alike.setdefault(flow(window.items)[0], []).append(window)
        for group in alike.values():
            if len(group) < 2:
                continue
            worth = cost(group, self.readers)
            gain = weighed(worth) * factor(group, worth) if worth.gain > 0 else 0
            if gain > self.gain:
                self.best, self.gain = group, gain

    def of_runs(self, windows: Sequence[Window], worth: Cost) -> float:
        """Return the factor for a gain: large if runs are modules, small if they cut one."""
        if not self.modules:
            return 1.0
        whole, cut = fit(windows)
        factor = 1 + 0.5 * whole
        if cut > CUT:
            factor *= 0.15
        if whole < WHOLE:
            factor *= 0.6 if worth.outputs <= 1 and worth.inputs <= 4 else 0.2
            if any(id(window.line) in self.classes for window in windows):
                factor *= PART
        return factor


def _is_periodic(numbers: Sequence[int]) -> bool:
    """Whether a run is a shorter one, several times: that is what a loop is for."""
    size = len(numbers)
    periods = (p for p in range(1, size // 2 + 1) if size % p == 0)
    return any(numbers[p:] == numbers[:-p] for p in periods)


def _of_layers(windows: Sequence[Window], worth: Cost) -> float:
    return 0.75


def _of_modules(windows: Sequence[Window], worth: Cost) -> float:
    return 1.5


def _modules(items: Sequence[Item]) -> Iterator[tuple[int, int]]:
    """Yield where whole modules begin and end, each run of items once."""
    seen: set[tuple[int, int]] = set()
    open_at: list[int] = []  # where the module of each depth begins
    for place, item in enumerate([*items, None]):
        path = item.path if item is not None else ()
        before = items[place - 1].path if place else ()
        depth = shared_depth(before, path)
        for start in open_at[depth:]:
            if place - start > 1 and (start, place) not in seen:
                seen.add((start, place))
                yield start, place
        open_at[depth:] = [place] * (len(path) - depth)


def _apart(windows: Sequence[Window]) -> list[Window]:
    """Return windows that do not overlap."""
    kept: list[Window] = []
    for window in windows:
        last = kept[-1] if kept else None
        if last is None or last.line is not window.line or last.stop <= window.start:
            kept.append(window)
    return kept


def _make(pool: Pool, windows: Sequence[Window]) -> None:
    """Make a block of windows that are alike, and call it in their places."""
    is_module = pool.tree is not None or fit(windows)[0] >= WHOLE
    name = f"Block{len(pool.blocks) + 1}"
    block = Chosen(name, _merged(pool, windows), is_module, windows[0].leaf)
    rows = [window.items for window in windows]
    _, place = flow(rows[0])
    names = [name for item in rows[0] for name in item.makes]
    outputs = [i for i, name in enumerate(names) if name in block.line.outputs]
    reads = [c for c in columns(rows, "reads") if c[0] not in place]
    differing = [c for c in columns(rows, "literals") if len({*c}) > 1]
    begin = 0
    calls = []
    for number, (window, row) in enumerate(zip(windows, rows)):
        names = [name for item in row for name in item.makes]
        given = tuple(column[number] for column in reads)
        call = Item(
            key=block.name,
            own_reads=given,
            reads=given,
            makes=tuple(names[i] for i in outputs),
            weights=(),
            literals=tuple(column[number] for column in differing),
            path=common(item.path for item in row),
            lines=LINES,
            block=block,
            numbers=[*range(begin, begin + window.line.count)],
        )
        begin += window.line.count
        calls.append((window, call))
    for window, call in sorted(calls, key=lambda pair: -pair[0].start):
        window.line.items[window.start : window.stop] = [call]
    pool.blocks.append(block)


def _merged(pool: Pool, windows: Sequence[Window]) -> Line:
    """Return the sequence of a block: windows that are alike, merged."""
    readers = Readers([*pool.lines()])
    names = [name for item in windows[0].items for name in item.makes]
    outputs: set[int] = set()
    for window in windows:
        _, place = flow(window.items)
        outputs.update(place[name] for name in readers.outputs(window))
    return Line(
        [merged(column) for column in zip(*(window.items for window in windows))],
        frozenset(names[place] for place in outputs),
        sum(window.line.count for window in windows),
    )
