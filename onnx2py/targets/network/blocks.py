"""Blocks whose instances are modules of the network that was exported."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace

from ...emit.arrays import is_inline
from ...emit.block_given import key_of
from ...emit.block_tree import BlockTree, Site, Use, block_tree
from ...emit.blocks import BlockSource
from ...emit.names import snake_case
from ...ir.blocks import Block, Outline
from .instances import Instances
from .passed import with_passed
from .placing import Placing
from .tree import Leaf, Tree


class NetworkBlocks(BlockSource):
    """Finds the places of instances, and of all that they hold."""

    placing: Placing
    instances: Instances

    def find_tree(self) -> BlockTree:
        """Find the places of all layers, tensors and instances in the module tree."""
        self.placing = self.place()
        tree = block_tree(self.outline)
        self.instances = Instances(self.outline, tree, self.placing)
        if not self.instances.fit():
            self.outline = Outline(self.program.statements, {})
            self.instances = Instances(self.outline, BlockTree(), self.placing)
            return BlockTree()
        others = {
            name: array
            for name, array in self.program.weights.items()
            if name not in self.placing.keys
        }
        self.outline = with_passed(self.outline, tree, self._holds, others)
        return self._placed_tree(block_tree(self.outline))

    @abstractmethod
    def place(self) -> Placing:
        """Return the places of layers and tensors."""

    @abstractmethod
    def module_tree(self, leaves: Mapping[str, Leaf]) -> Tree:
        """Return leaves as a tree."""

    def _holds(self, block: Block, weight: str) -> bool:
        """Whether the instances of a block hold a constant: it is theirs, or small and alike."""
        names = [instance.weights[weight] for instance in block.instances]
        if all(name in self.placing.keys for name in names):
            return True
        arrays = [self.program.weights.get(name) for name in names]
        known = [array for array in arrays if array is not None and is_inline(array)]
        return len(known) == len(names) and len({*map(key_of, known)}) == 1

    def _placed_tree(self, tree: BlockTree) -> BlockTree:
        """Return the sites of instances with what reads them in the module tree."""
        sites = {
            id(site): self._placed_site(owner, site)
            for owner, found in tree.sites.items()
            for site in found
        }
        blocks, paths = self.outline.blocks, self.instances.paths
        uses = []
        for use in tree.uses:
            application = blocks[use.block].applications[use.number]
            path = paths[use.block, application.instance]
            uses.append(Use(path, use.block, use.number))
        return BlockTree(
            {o: [sites[id(site)] for site in each] for o, each in tree.sites.items()},
            {number: sites[id(site)] for number, site in tree.site_of.items()},
            uses,
        )

    def _placed_site(self, owner: str, site: Site) -> Site:
        start = len(self.instances.paths[owner, 0]) + 1 if owner else 0
        numbers = ((site.block, number) for number in site.instances[0])
        paths = [self.instances.paths[number][start:] for number in numbers]
        modules = self.instances.modules(owner)
        tree = self.module_tree(dict.fromkeys(modules, Leaf("")))
        text = tree.walked(paths) if site.is_loop else tree.expression(paths[0])
        words = [part for part in paths[0].split(".") if not part.isdigit()]
        name = words[-1] if words else snake_case(site.block)
        return replace(site, attribute=name, expression=text)
