"""The tree of parameters: where a package has the weights of its program.

T1  A weight of floats that the exported model had, and what layers read -> a leaf at its path.
T2  Of weights with several paths, the first is stored.
T3  Any other constant -> a constant of ``model.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...emit.weights import PlacedWeights
from ...ir.program import Call
from ..network.layer import Layer
from ..network.placing import Placing
from ..network.safetensors import TensorFile
from ..network.state import BATCHES, STATISTICS
from ..network.tree import Leaf, Tree
from .weights import PARAMS_FILE

ROOT = "params"
"""What functions call the tree, or the part of it that they are given."""


class ParamsTree(Tree):
    """Leaves by their paths, in dictionaries and lists."""

    @property
    def start(self) -> str:
        """The expression for the whole tree."""
        return ROOT

    def expression(self, path: str) -> str:
        """Return the source that reads a part: ``params["blocks"][0]["attn"]``."""
        text, before = ROOT, ""
        for part in path.split(".") if path else ():
            text += f"[{part}]" if before in self.lists else f'["{part}"]'
            before = f"{before}.{part}" if before else part
        return text


@dataclass
class ParamsPlacing(Placing):
    """The places of layers and of weights in the tree of parameters."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for value, keys in [*self.keys.items()]:
            self.keys[value] = [key for key in keys if self.is_param(key)]
            if not self.keys[value]:
                del self.keys[value]
        self.leaves = {
            path: leaf
            for path, leaf in self.leaves.items()
            if path in self.layers or self.is_param(path)
        }

    def is_param(self, key: str) -> bool:
        """Whether a constant is a leaf: a weight of floats, or a statistic of one."""
        last = key.rpartition(".")[2]
        is_buffer = key in self.state.buffers and last not in STATISTICS
        return not is_buffer and not self.state.is_apart(key) and last != BATCHES

    def placed(
        self, tree: Tree, stacked: Sequence[Sequence[str]] = ()
    ) -> PlacedWeights:
        """Return the constants that are leaves; ``tree`` is that of the whole model.

        ``stacked`` are the paths of instances whose leaves are one leaf, one behind the other.
        """
        placed = PlacedWeights(owner="")
        placed.modules.update((path, tree.expression(path)) for path in self.layers)
        for value, keys in self.keys.items():
            own = [key for key in keys if self.leaf_of(key) in tree.leaves]
            if own:  # else functions of blocks read it
                placed.attributes[value] = tree.expression(self.stored(own[0]))
        arrays = {
            key: self.state.arrays[key]
            for keys in self.keys.values()
            for key in keys
            if key == self.stored(key)
        }
        for paths in stacked:
            whole = paths[0].rpartition(".")[0]
            for key in [key for key in arrays if key.startswith(f"{paths[0]}.")]:
                last = key[len(paths[0]) :]
                each = [arrays.pop(f"{path}{last}") for path in paths]
                arrays[f"{whole}{last}"] = np.stack(each)
        if arrays:
            placed.files[PARAMS_FILE] = TensorFile(arrays)
        return placed

    def stored(self, key: str) -> str:
        """Return the path where a weight is stored."""
        return self.keys[self.state.values[key]][0]

    def is_whole(self, layer: Layer) -> bool:
        """Whether all parameters of a layer are stored at its own path."""
        return all(key == self.stored(key) for key in layer.keys().values())

    def layer(self, layer: Layer, call: Call) -> Leaf:
        """Return the part of the tree that a layer takes."""
        return Leaf("", key=next(iter(layer.keys().values()), ""))

    def tensor(self, key: str, shape: tuple[int | str, ...]) -> Leaf:
        """Return a leaf that is of no layer."""
        return Leaf("", key=key)
