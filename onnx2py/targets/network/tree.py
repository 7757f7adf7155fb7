"""What is at the paths of a module tree: lists, and everything else.

A module whose parts have numbers alone is a list.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Union

from ...emit.uses import Uses
from .paths import lists_of


@dataclass(frozen=True)
class Leaf:
    """What stands at the end of a path: a layer, or a tensor of the module around it."""

    text: str
    kind: str = ""
    key: str = ""
    """The key in the state of one of its tensors, "" if it has none."""


Node = Union[Leaf, "dict[str, Node]"]


@dataclass
class Tree(ABC):
    """Leaves by their paths; ``uses`` notes what the source imports."""

    leaves: Mapping[str, Leaf]
    uses: Uses
    lists: frozenset[str] = field(init=False)
    """The paths of modules that are lists."""
    root: dict[str, Node] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.lists = lists_of(self.leaves)
        for path, leaf in self.leaves.items():
            *outer, last = path.split(".")
            node = self.root
            for part in outer:
                inner = node.setdefault(part, {})
                assert isinstance(inner, dict)
                node = inner
            node[last] = leaf

    @property
    @abstractmethod
    def start(self) -> str:
        """The expression for the whole tree."""

    @abstractmethod
    def expression(self, path: str) -> str:
        """Return the source that reads a part of the tree."""

    def walked(self, paths: Sequence[str]) -> str:
        """Return the source of what a loop over modules walks: a list, or a part of one."""
        if len({*paths}) == 1:
            return f"[{self.expression(paths[0])}] * {len(paths)}"
        around = paths[0].rpartition(".")[0]
        numbers = [path.rpartition(".")[2] for path in paths]
        alone = all(path.rpartition(".")[0] == around for path in paths)
        if paths == [*map(str, range(len(self.root)))] and "" in self.lists:
            return self.start
        if not (alone and around and around in self.lists):
            return f"({', '.join(map(self.expression, paths))})"
        start, stop = int(numbers[0]), int(numbers[0]) + len(paths)
        if numbers != [str(number) for number in range(start, stop)]:
            return f"({', '.join(map(self.expression, paths))})"
        whole = self.expression(around)
        end = "" if stop == self._length(around) else stop
        return f"{whole}[{start or ''}:{end}]" if start or end else whole

    def _length(self, path: str) -> int:
        """Return how many items a list has."""
        inside = (p[len(path) + 1 :] for p in self.leaves if p.startswith(f"{path}."))
        return 1 + max(int(rest.split(".")[0]) for rest in inside)
