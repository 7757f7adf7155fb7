"""Where a module has the constants of its program: in layers, as parameters, as buffers.

T1  A parameter of a layer, and a weight that the exported model had -> at its path in the tree,
    under its key in the state.
T2  Of weights with several keys, the first is stored; the others are tied to it.
T3  Any other constant -> a buffer of the model that is no part of its state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from ...emit.literals import literal
from ...emit.uses import Uses
from ...emit.weights import PlacedWeights
from ...ir.program import Argument, Call, Program
from .constructors import written_arguments
from .layer import Layer
from .literals import dtype_literal, zeros
from .safetensors import TensorFile
from .state import State, state_of
from .tree import BUFFER, PARAMETER, Leaf, Tree
from .weights import FILE

TIE = "tie"


@dataclass
class Placing:
    """The places of layers and of tensors in the module of a program."""

    program: Program
    uses: Uses
    state: State = field(init=False)
    keys: dict[str, list[str]] = field(init=False, default_factory=dict)
    """The keys in the state of each constant that has one."""
    layers: dict[str, Leaf] = field(init=False)
    """The layers that are modules, by their paths."""
    leaves: dict[str, Leaf] = field(init=False)
    """The layers, and the tensors of no layer, by their paths."""

    def __post_init__(self) -> None:
        self.state = state_of(self.program)
        for key, value in self.state.values.items():
            if not self.state.is_apart(key):
                self.keys.setdefault(value, []).append(key)
        self.layers = dict(self._layers())
        self.leaves = {**self.layers}
        for key in self.state.arrays:  # in order
            if (
                not self.state.is_apart(key)
                and key.rpartition(".")[0] not in self.layers
            ):
                self.leaves[key] = self.tensor(key, self.state.arrays[key].shape)

    def placed(self, tree: Tree) -> PlacedWeights:
        """Return the constants that are in the state; ``tree`` is that of the whole model."""
        placed = PlacedWeights(
            modules={path: tree.expression(path) for path in self.layers},
            taken={*tree.root},
            lines=[*tree.lines()],
        )
        for value, keys in self.keys.items():
            own = [key for key in keys if self._leaf(key) in tree.leaves]
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

    def _leaf(self, key: str) -> str:
        """Return the path of the layer or of the tensor that a key is of."""
        module = key.rpartition(".")[0]
        return module if module in self.layers else key

    def _layers(self) -> Iterator[tuple[str, Leaf]]:
        told = set()
        for statement in self.program.walk():
            call = statement.operation
            layer = call.function if isinstance(call, Call) else None
            if not isinstance(layer, Layer) or not layer.is_module:
                continue
            if layer.path in told:
                continue
            assert isinstance(call, Call)
            told.add(layer.path)
            arrays = [self.program.weights[n] for n in layer.weights(call).values()]
            key = next(iter(layer.keys().values()), "")
            yield layer.path, Leaf(constructor(layer, call, arrays, self.uses), key=key)

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
