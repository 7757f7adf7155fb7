"""Blocks for PyTorch: classes of modules, with instances at their places in the module tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...emit.block_tree import PROGRAM
from ...emit.class_writer import ClassWriter
from ...emit.weights import PlacedWeights
from ..network.blocks import NetworkBlocks
from ..network.tree import Leaf
from .module_class import ModuleWriter
from .placing import ModulePlacing
from .tree import ModuleTree


class TorchBlocks(NetworkBlocks):
    """Writes classes, and declares what the model itself holds."""

    modules: ModuleWriter

    def place(self) -> ModulePlacing:
        """Return the places of layers and tensors."""
        return ModulePlacing(self.program, self.uses)

    def module_tree(self, leaves: Mapping[str, Leaf]) -> ModuleTree:
        """Return leaves as a tree of modules."""
        return ModuleTree(leaves, self.uses)

    def class_writer(self) -> ClassWriter:
        """Return the writer of the classes."""
        self.modules = ModuleWriter(
            self.program, self.outline, self.uses, self.calling, self.interfaces,
            self.lengths, self.instances,
        )  # fmt: skip
        self.stored = {
            key: value for value, keys in self.placing.keys.items() for key in keys
        }
        return self.modules

    @property
    def attributes(self) -> list[str]:
        """The attributes of the model that hold objects."""
        return [path.split(".")[0] for path in self.instances.modules(PROGRAM)]

    def placed(self) -> PlacedWeights:
        """Declare layers, and the parameters and buffers beside them."""
        return self.placing.placed(self.module_tree(dict(self._leaves())))

    def _leaves(self) -> Iterator[tuple[str, Leaf]]:
        """Yield what is in the module tree, in order, instances as a whole."""
        made: set[str] = set()
        for path, leaf in self.placing.leaves.items():
            around = next(
                (p for p in self.instances.top if path.startswith(f"{p}.")), ""
            )
            if not around:
                yield path, leaf
            elif around not in made:
                made.add(around)
                block, number = self.instances.top[around]
                text = self.modules.construction(PROGRAM, block, [number])
                yield around, Leaf(text, key=leaf.key)
