"""Windows of modules take what stands beside them in no module, and belongs to them alone.

A sum after the last layer of a module, a function before the first: where the exporter says nothing
of modules, the names of weights say no more than what reads them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .gain import Readers, Window, columns, flow
from .tree import ModuleTree


@dataclass
class Growth:
    """Windows that are alike, and what they take."""

    tree: ModuleTree
    windows: list[Window]
    readers: Readers
    tokens: Mapping[int, list[int]]

    def grown(self) -> list[Window]:
        """Return the windows with what they take, the same in all."""
        while self._take(0, 1):
            pass
        while self._take(1, 0):
            pass
        return self.windows

    def _take(self, before: int, after: int) -> bool:
        """Take one more item; return whether that made it no harder to call the windows."""
        wider = [
            replace(w, start=w.start - before, stop=w.stop + after)
            for w in self.windows
        ]
        if not all(map(self._is_free, wider, self.windows)) or _overlap(wider):
            return False
        edges = {
            self.tokens[id(w.line)][w.start if before else w.stop - 1] for w in wider
        }
        if len(edges) > 1 or len({flow(w.items)[0] for w in wider}) > 1:
            return False
        inputs, outputs = self._ways(self.windows)
        more_inputs, more_outputs = self._ways(wider)
        if more_inputs > inputs - before or more_outputs > outputs:
            return False
        if after and not all(map(_reads_own, wider)):
            return False
        self.windows = wider
        return True

    def _is_free(self, wider: Window, window: Window) -> bool:
        """Whether there is one more item, which is of no module."""
        if wider.start < 0 or wider.stop > len(wider.line.items):
            return False
        new = wider.line.items[
            wider.start if wider.start < window.start else wider.stop - 1
        ]
        return new.block is None and all(map(self.tree.is_loose, new.statements))

    def _ways(self, windows: Sequence[Window]) -> tuple[int, int]:
        """Return how many inputs and outputs windows have."""
        rows = [window.items for window in windows]
        outputs: set[int] = set()
        for window, row in zip(windows, rows):
            place = flow(row)[1]
            outputs.update(place[name] for name in self.readers.outputs(window))
        made = flow(rows[0])[1]
        return sum(c[0] not in made for c in columns(rows, "reads")), len(outputs)


def _reads_own(window: Window) -> bool:
    """Whether the last item reads a result of those before it."""
    made = {name for item in window.items[:-1] for name in item.makes}
    return not made.isdisjoint(window.items[-1].reads)


def _overlap(windows: Sequence[Window]) -> bool:
    places = sorted((id(w.line), w.start, w.stop) for w in windows)
    return any(a[0] == b[0] and a[2] > b[1] for a, b in zip(places, places[1:]))
