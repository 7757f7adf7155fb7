"""Where the instances of blocks are in the module tree.

An instance is a module if all that it holds is below one path, at the same places as in the other
instances, and if nothing else holds anything there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

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
        found = [instance.path for instance in block.instances]
        base = found[0]
        start = len(base) + 1
        within = {name: place[start:] for name, place in own.items()}
        for number, path in enumerate(found):
            self.paths[block.name, number] = path
        self.leaves[block.name] = list(dict.fromkeys(within.values()))
        self.inner[block.name] = {self.paths[n][start:]: n for n in called}
        held = {*self._all(block.name, base)}
        return all(
            {*self._all(block.name, path)} == self._below(path) for path in found
        ) and bool(held)

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
