"""Windows that are modules of the tree of a target (rule G10).

All that such a window holds is below one module, and nothing else reads anything there; windows
that are alike hold the same within their modules. So each is an object that owns its layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...ir.program import Statement, walk
from .gain import Readers, Window, flow
from .growth import Growth
from .items import Chosen, Item, Line
from .tokens import form_of
from .tree import ModuleTree, module_of, statements_of

Ranges = Callable[[Sequence[Item]], Iterator[tuple[int, int]]]
"""Returns where whole modules begin and end among items."""


@dataclass(frozen=True)
class _Use:
    """One application of a window."""

    modules: tuple[str, ...]
    """The innermost module that holds its leaves, and those around that hold no more."""
    within: tuple[str, ...]
    """Its leaves, by their paths within the innermost module."""
    statements: tuple[Statement, ...]

    @property
    def readers(self) -> set[int]:
        """The identities of its statements."""
        return {id(s) for s in walk(self.statements)}


@dataclass(frozen=True)
class _Member:
    """A window with its applications."""

    window: Window
    uses: tuple[_Use, ...]


@dataclass(frozen=True)
class Modules:
    """Finds the windows that can be objects."""

    tree: ModuleTree
    constants: Mapping[str, Any]
    blocks: Sequence[Chosen]

    def groups(
        self, lines: Sequence[Line], tokens: Sequence[list[int]], ranges: Ranges
    ) -> Iterator[list[Window]]:
        """Yield windows that are alike and may become one block, all that there are."""
        alike: dict[Any, list[_Member]] = {}
        taken = {*self.taken()}
        for line, numbers in zip(lines, tokens):
            for window in self.windows(line, ranges):
                member = self.member(window)
                if member is None or any(
                    not taken.isdisjoint(use.modules) for use in member.uses
                ):
                    continue
                reads = flow(member.window.items)[0]
                same = tuple(numbers[window.start : window.stop])
                key = (same, reads, member.uses[0].within)
                alike.setdefault(key, []).append(member)
        readers, number_of = Readers(lines), {id(a): b for a, b in zip(lines, tokens)}
        groups = [_apart(m) for key, m in alike.items() if len({*key[0]}) > 1]
        whole = ([m for m in group if m.window.is_whole] for group in groups)
        for members in (*whole, *groups):
            windows = self.placed(members)
            if len(windows) > 1:
                yield Growth(self.tree, windows, readers, number_of).grown()

    def windows(self, line: Line, ranges: Ranges) -> Iterator[Window]:
        """Yield the windows of whole modules, one for each time that a module is called.

        After each comes what is left of it without calls before and after all layers.
        """
        first = [
            tuple(
                leaf for s in statements_of([item], 0) for leaf in self.tree.leaves(s)
            )
            for item in line.items
        ]
        for start, stop in ranges(line.items):
            step = _period(first[start:stop])
            size = (stop - start - 1) % step + 1
            for begin in range(start, stop, step):
                window = Window(line, begin, begin + size)
                yield window
                places = [i for i in range(begin, begin + size) if first[i]]
                inner = (places[0], places[-1] + 1) if places else (begin, begin + size)
                if inner != (begin, begin + size):
                    yield Window(line, *inner, is_whole=False)

    def taken(self) -> Iterator[str]:
        """Yield the modules that the instances of blocks are."""
        for block in self.blocks:
            for number in range(block.line.count):
                statements = statements_of(block.line.items, number)
                yield module_of(self.tree, statements, block.leaf)

    def member(self, window: Window) -> _Member | None:
        """Return a window with its applications, None if it holds nothing in one module."""
        uses = []
        for number in range(window.line.count):
            statements = tuple(statements_of(window.items, number))
            each = (self.tree.leaves(s) for s in statements)
            leaves = [*dict.fromkeys(leaf for some in each for leaf in some)]
            modules = tuple(self.tree.around(leaves))
            if not modules:
                return None
            start = len(modules[0]) + 1
            within = tuple(leaf[start:] for leaf in leaves)
            uses.append(_Use(modules, within, statements))
        return (
            _Member(window, tuple(uses)) if len({u.within for u in uses}) == 1 else None
        )

    def placed(self, members: Sequence[_Member]) -> list[Window]:
        """Return the windows that own all that their modules hold."""
        kept = [*members]
        while True:
            uses = [use for member in kept for use in member.uses]
            shared = set(self._not_owned(uses))
            fit = [m for m in kept if shared.isdisjoint(u.modules[0] for u in m.uses)]
            if len(fit) == len(kept):
                break
            kept = fit
        depth = self._depth(uses)
        if depth is None:
            return []
        first = uses[0]
        leaf = f"{first.modules[0]}.{first.within[0]}"[len(first.modules[depth]) + 1 :]
        return [replace(member.window, leaf=leaf) for member in kept]

    def _not_owned(self, uses: Iterable[_Use]) -> Iterator[str]:
        """Yield modules that others read, or whose calls differ in more than their inputs."""
        by_module: dict[str, list[_Use]] = {}
        for use in uses:
            by_module.setdefault(use.modules[0], []).append(use)
        for module, of_one in by_module.items():
            inside = {number for use in of_one for number in use.readers}
            is_one = len(of_one) == 1 or len({*map(self._form, of_one)}) == 1
            if not (self.tree.readers[module] <= inside and is_one):
                yield module

    def _form(self, use: _Use) -> Any:
        forms = (form_of(s.operation, self.constants) for s in walk(use.statements))
        return tuple((*form.weights, "", *form.literals) for form in forms)

    def _depth(self, uses: Sequence[_Use]) -> int | None:
        """Return which modules of windows are their objects: the outermost that are alike."""
        found = None
        for depth, modules in enumerate(zip(*(use.modules for use in uses))):
            rest = {u.modules[0][len(m) :] for u, m in zip(uses, modules)}
            if len(rest) > 1:
                break
            if not any(map(self.tree.is_list, modules)):
                found = depth
        return found


def _apart(members: Sequence[_Member]) -> list[_Member]:
    """Return windows that do not overlap, whole ones rather than others."""
    kept: list[_Member] = []
    for member in sorted(members, key=lambda m: not m.window.is_whole):
        window = member.window
        others = (m.window for m in kept if m.window.line is window.line)
        if all(o.stop <= window.start or window.stop <= o.start for o in others):
            kept.append(member)
    return [member for member in members if any(member is k for k in kept)]


def _period(leaves: Sequence[tuple[str, ...]]) -> int:
    """Return after how many items all leaves are read again, or the number of items."""
    placed = [(place, each) for place, each in enumerate(leaves) if each]
    size = len(placed)
    for count in (c for c in range(1, size // 2 + 1) if size % c == 0):
        step = placed[count][0] - placed[0][0]
        if all(b == (a[0] + step, a[1]) for a, b in zip(placed, placed[count:])):
            return step
    return len(leaves)
