"""Where the instances of blocks are in the module tree.

An instance is a module if all that it holds is below one path, at the same places as in the other
instances, and if nothing else holds anything there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Optional

from ...emit.block_tree import PROGRAM, BlockTree
from ...ir.blocks import Block, Outline
from ...ir.program import Call, walk
from .layer import Layer
from .placing import Placing

Number = tuple[str, int]
"""An instance: its block, and which of the block's instances it is."""


@dataclass
class Instances:
    """The instances of an outline and what they hold, by paths in the module tree."""

    outline: Outline
    tree: BlockTree
    placing: Placing
    paths: dict[Number, str] = field(default_factory=dict)
    """The path of each instance."""
    leaves: dict[str, list[str]] = field(default_factory=dict)
    """What each block holds itself, by paths within it."""
    inner: dict[str, dict[str, Number]] = field(default_factory=dict)
    """The instances that each block's first instance calls, by paths within it."""

    def fit(self) -> bool:
        """Find the places of all instances; return whether each is a module."""
        return all(self._fits(block) for block in self.outline.blocks.values())

    @cached_property
    def top(self) -> dict[str, Number]:
        """The instances that no other calls, by their paths."""
        sites = self.tree.sites.get(PROGRAM, ())
        numbers = ((s.block, n) for s in sites for n in s.instances[0])
        return {
            self.paths[number]: number for number in numbers if number in self.paths
        }

    def modules(self, owner: str) -> list[str]:
        """Return the paths of all that an object holds or calls, within it."""
        if owner:
            return [*self.leaves[owner], *self.inner[owner]]
        outer = tuple(f"{path}." for path in self.top)
        own = (leaf for leaf in self.placing.leaves if not leaf.startswith(outer))
        return [*own, *self.top]

    def _fits(self, block: Block) -> bool:
        own = dict(self._own(block))
        called = self._called(block, 0)
        places = {*own.values(), *(self.paths[number] for number in called)}
        base = self._outermost(_around(places))
        if not base:
            return False
        start = len(base) + 1
        within = {name: place[start:] for name, place in own.items()}
        found = [self._path(block, n, base) for n, _ in enumerate(block.instances)]
        if None in found or len({*found}) < len(found):
            return False
        for number, path in enumerate(found):
            self.paths[block.name, number] = path or ""
        self.leaves[block.name] = list(dict.fromkeys(within.values()))
        self.inner[block.name] = {self.paths[n][start:]: n for n in called}
        held = {*self._all(block.name, base)}
        return all(
            {*self._all(block.name, path or "")} == self._below(path or "")
            for path in found
        ) and bool(held)

    def _outermost(self, path: str) -> str:
        """Return the outermost module that holds no more than the one at a path."""
        while "." in path:
            around = path.rpartition(".")[0]
            if self._below(around) != self._below(path):
                break
            path = around
        return path

    def _own(self, block: Block) -> Iterator[tuple[str, str]]:
        """Yield the layers and tensors of the first instance: a name of each, and its place."""
        in_layers: set[str] = set()
        for statement in walk(block.statements):
            call = statement.operation
            if isinstance(call, Call) and isinstance(call.function, Layer):
                layer = call.function
                in_layers.update(layer.weights(call).values())
                if layer.is_module:
                    yield layer.path, layer.path
                else:
                    yield from ((key, key) for key in layer.keys().values())
        for name in block.weights:
            keys = self.placing.keys.get(block.instances[0].weights[name])
            if keys and name not in in_layers:
                yield name, keys[0]

    def keys(self, block: Block) -> Iterator[tuple[str, str]]:
        """Yield the constants of a block that are in the state, with the first instance's key."""
        found: dict[str, str] = {}
        for statement in walk(block.statements):
            call = statement.operation
            if isinstance(call, Call) and isinstance(call.function, Layer):
                layer = call.function
                keys = layer.keys()
                found.update((w, keys[k]) for k, w in layer.weights(call).items())
        for name in block.weights:
            keys_of = self.placing.keys.get(block.instances[0].weights[name])
            if keys_of:
                yield name, found.get(name, keys_of[0])

    def _path(self, block: Block, number: int, base: str) -> Optional[str]:
        """Return the path of an instance, None if there is no one."""
        instance, start = block.instances[number], len(base)
        columns = []
        for name, key in self.keys(block):
            keys = self.placing.keys.get(instance.weights[name], ())
            columns.append([*_before(keys, key[start:])])
        pairs = zip(self._called(block, 0), self._called(block, number))
        for first, other in pairs:
            columns.append([*_before([self.paths[other]], self.paths[first][start:])])
        common = [p for p in columns[0] if all(p in c for c in columns[1:])]
        return common[0] if common else None

    def column(self, block: str, path: str) -> list[int]:
        """Return the number of the inner instance at a path, for each instance of a block."""
        whole = self.outline.blocks[block]
        called = [
            self._called(whole, number) for number, _ in enumerate(whole.instances)
        ]
        place = called[0].index(self.inner[block][path])
        return [numbers[place][1] for numbers in called]

    def _called(self, block: Block, number: int) -> list[Number]:
        """Return the instances that an instance calls."""
        return [
            (site.block, called)
            for site in self.tree.sites.get(block.name, ())
            for called in site.instances[number]
        ]

    def _all(self, block: str, path: str) -> Iterator[str]:
        """Yield the paths of all that an instance at a path holds, inner ones too."""
        for leaf in self.leaves[block]:
            yield f"{path}.{leaf}"
        for within, (inner, _) in self.inner[block].items():
            yield from self._all(inner, f"{path}.{within}")

    def _below(self, path: str) -> set[str]:
        return {leaf for leaf in self.placing.leaves if leaf.startswith(f"{path}.")}


def _around(places: set[str]) -> str:
    """Return the innermost module that holds all places, "" for the model."""
    if not places:
        return ""
    rows = [place.split(".")[:-1] for place in places]
    shared: list[str] = []
    for column in zip(*rows):
        if len({*column}) > 1:
            break
        shared.append(column[0])
    return ".".join(shared)


def _before(keys: object, end: str) -> Iterator[str]:
    """Yield what stands before the end of each key that has it: ``end`` begins with a dot."""
    assert isinstance(keys, (list, tuple))
    for key in keys:
        if key.endswith(end):
            yield key[: -len(end)]
