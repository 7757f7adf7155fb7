"""Where a module has the constants of its program: in layers, as parameters, as buffers.

T1  A parameter of a layer, and a weight that the exported model had -> at its path in the tree,
    under its key in the state.
T2  Of weights with several keys, the first is stored; the others are tied to it.
T3  Any other constant -> a buffer of the model that is no part of its state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ...emit.literals import literal
from ...emit.uses import Uses
from ...emit.weights import PlacedWeights
from ...ir.program import Argument, Call
from ..network.constructors import written_arguments
from ..network.layer import Layer
from ..network.placing import Placing
from ..network.safetensors import TensorFile
from ..network.tree import Leaf, Tree
from .literals import dtype_literal, zeros
from .tree import BUFFER, PARAMETER, ModuleTree
from .weights import FILE

TIE = "tie"


class ModulePlacing(Placing):
    """The places of layers and of tensors in a module of PyTorch's."""

    def placed(
        self, tree: Tree, stacked: Sequence[Sequence[str]] = ()
    ) -> PlacedWeights:
        """Return the constants that are in the state; ``tree`` is that of the whole model."""
        assert isinstance(tree, ModuleTree)
        placed = PlacedWeights(
            modules={path: tree.expression(path) for path in self.layers},
            taken={*tree.root},
            lines=[*tree.lines()],
        )
        for value, keys in self.keys.items():
            own = [key for key in keys if self.leaf_of(key) in tree.leaves]
            if own:  # else classes of blocks have it
                placed.attributes[value] = tree.attribute(own[0])
        stored = {key for key in self.state.arrays if not self.state.is_apart(key)}
        tied = {
            key: first
            for key, first in self.state.tied.items()
            if {key, first} <= stored - self.state.buffers
        }
        for key, first in tied.items():
            line = f"{tree.expression(key)} = {tree.expression(first)}"
            placed.lines.append(
                {"name": "", "comment": "", "line": line, "kind": TIE, "tensor": ""}
            )
        arrays = {
            key: np.asarray(array)
            for key, array in self.state.arrays.items()
            if key in stored and key not in tied
        }
        if arrays:
            placed.files[FILE] = TensorFile(arrays)
        return placed

    def layer(self, layer: Layer, call: Call) -> Leaf:
        """Return the module of a layer."""
        arrays = [self.program.weights[n] for n in layer.weights(call).values()]
        key = next(iter(layer.keys().values()), "")
        return Leaf(constructor(layer, call, arrays, self.uses), key=key)

    def tensor(self, key: str, shape: tuple[int | str, ...]) -> Leaf:
        """Return a parameter or a buffer of its own; lengths may be names."""
        array = self.state.arrays[key]
        text = zeros(shape, array.dtype, self.uses)
        if key in self.state.buffers:
            return Leaf(text, BUFFER, key)
        return Leaf(f"nn.Parameter({text})", PARAMETER, key)


def constructor(
    layer: Layer,
    call: Call,
    arrays: list[np.ndarray],
    uses: Uses,
    spell: Callable[[Argument], str] | None = None,
) -> str:
    """Return the source that makes a layer: ``nn.Conv2d(3, 64, 7, stride=2)``.

    ``spell`` returns that of an argument, which may be a setting of a block.
    """
    spell = spell or (lambda value: literal(value, uses))
    lengths, options = written_arguments(layer.name, call.kwargs)
    given = [spell(value) for value in lengths]
    given += [f"{name}={spell(value)}" for name, value in options.items()]
    if arrays and arrays[0].dtype != np.float32:
        given.append(f"dtype={dtype_literal(arrays[0].dtype, uses)}")
    return f"nn.{layer.name}({', '.join(given)})"
