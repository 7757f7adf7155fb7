"""The module tree of a target that has one (rule G10): what is in it, and what reads that.

Paths are dotted: ``blocks.0.attn.qkv``. Leaves are layers, and constants of modules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ...ir.graph import Scope
from ...ir.program import Program, Statement, walk
from .items import Item
from .scopes import Path, filled


@dataclass(frozen=True)
class Placing:
    """Where a target has what a program reads."""

    leaves: Callable[[Statement], tuple[str, ...]]
    """Return the paths of the layers and constants that a statement reads, not its bodies."""
    module: Callable[[Statement], str]
    """Return the path of the module that a statement is of, "" if nothing says it."""


@dataclass(frozen=True)
class ModuleTree:
    """What the modules of a program hold, and which statements read it."""

    program: Program
    placing: Placing
    _known: dict[str, str] = field(default_factory=dict)

    @cached_property
    def _leaves(self) -> dict[int, tuple[str, ...]]:
        statements = self.program.walk()
        return {id(s): self.placing.leaves(s) for s in statements}

    @cached_property
    def readers(self) -> dict[str, set[int]]:
        """The identities of the statements that read what a module holds."""
        found: dict[str, set[int]] = {}
        for number, leaves in self._leaves.items():
            for module in {m for leaf in leaves for m in modules_around(leaf)}:
                found.setdefault(module, set()).add(number)
        return found

    @cached_property
    def holds(self) -> dict[str, set[str]]:
        """The leaves that a module holds."""
        found: dict[str, set[str]] = {}
        for leaf in {leaf for leaves in self._leaves.values() for leaf in leaves}:
            for module in modules_around(leaf):
                found.setdefault(module, set()).add(leaf)
        return found

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for module in self.holds:
            found.setdefault(module.rpartition(".")[2], []).append(module)
        return found

    def _found(self, path: str) -> str:
        """Return the module that exporters call so, "" if there is none.

        They know nothing of modules that are not called themselves, such as lists.
        """
        if path not in self._known:
            parts = path.split(".")
            alike = [
                (module.count("."), module)
                for module in self._by_name.get(parts[-1], ())
                if _is_among(parts, module.split("."))
            ]
            alike.sort()
            is_one = len({size for size, _ in alike[:2]}) == len(alike[:2])
            self._known[path] = alike[0][1] if alike and is_one else ""
        return self._known[path]

    @cached_property
    def _lists(self) -> set[str]:
        parts: dict[str, set[str]] = {}
        for module, leaves in self.holds.items():
            rest = (leaf[len(module) + 1 :] for leaf in leaves)
            parts[module] = {path.partition(".")[0] for path in rest}
        return {m for m, names in parts.items() if all(map(str.isdigit, names))}

    def leaves(self, statement: Statement) -> list[str]:
        """Return the leaves that a statement and its bodies read, each once."""
        each = (self._leaves[id(s)] for s in walk([statement]))
        return [*dict.fromkeys(leaf for leaves in each for leaf in leaves)]

    def is_list(self, module: str) -> bool:
        """Whether all parts of a module have numbers: it is no class of its own."""
        return module in self._lists

    def is_loose(self, statement: Statement) -> bool:
        """Whether nothing says which module a statement is of."""
        return not (self.leaves(statement) or self.placing.module(statement))

    def paths(self, statements: Sequence[Statement]) -> list[Path]:
        """Return the modules of statements; a loose one is of what those around it share."""
        return filled([_as_path(self._module(statement)) for statement in statements])

    def around(self, leaves: Iterable[str]) -> Iterator[str]:
        """Yield the innermost module that holds leaves, then those around that hold no more."""
        module = ".".join(_shared(leaf.split(".")[:-1] for leaf in leaves))
        held = self.holds.get(module, set())
        while module and self.holds[module] == held:
            yield module
            module = module.rpartition(".")[0]

    def _module(self, statement: Statement) -> str:
        leaves = self.leaves(statement)
        if leaves:
            return ".".join(_shared(leaf.split(".")[:-1] for leaf in leaves))
        whole = self.placing.module(statement)
        path = whole
        while path and not self._found(path):
            path = path.rpartition(".")[0]
        module = self._found(path) if path else ""
        return "" if path != whole and module in self._lists else module


def statements_of(items: Iterable[Item], number: int) -> Iterator[Statement]:
    """Yield the statements of one application of a sequence, those of blocks in their places."""
    for item in items:
        if item.block is None:
            yield item.statements[number]
        else:
            yield from statements_of(item.block.line.items, item.numbers[number])


def module_of(tree: ModuleTree, statements: Iterable[Statement], leaf: str) -> str:
    """Return the module of statements that hold a leaf first, whose path in it is given."""
    first = next(leaf for s in statements for leaf in tree.leaves(s))
    return first[: len(first) - len(leaf) - 1]


def modules_around(leaf: str) -> Iterator[str]:
    """Yield the modules that hold a leaf, the outermost first."""
    parts = leaf.split(".")
    return (".".join(parts[:count]) for count in range(1, len(parts)))


def _is_among(parts: Iterable[str], others: Iterable[str]) -> bool:
    """Whether parts of a path are among others, in the same order."""
    waiting = iter(others)
    return all(part in waiting for part in parts)


def _as_path(module: str) -> Path:
    return tuple(Scope(each) for each in modules_around(f"{module}.")) if module else ()


def _shared(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the parts that all paths begin with."""
    shared: list[str] = []
    for column in zip(*rows):
        if len({*column}) > 1:
            break
        shared.append(column[0])
    return shared
