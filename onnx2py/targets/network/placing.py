"""Where a network has the constants of its program, by paths of its modules."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ...emit.uses import Uses
from ...emit.weights import PlacedWeights
from ...ir.program import Call, Program
from .layer import Layer
from .state import State, state_of
from .tree import Leaf, Tree


@dataclass
class Placing(ABC):
    """The places of layers and of tensors in the modules of a program."""

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
        self.layers = {
            path: self.layer(layer, call) for path, layer, call in self._layers()
        }
        self.leaves = {**self.layers}
        for key in self.state.arrays:  # in order
            if (
                not self.state.is_apart(key)
                and key.rpartition(".")[0] not in self.layers
            ):
                self.leaves[key] = self.tensor(key, self.state.arrays[key].shape)

    @abstractmethod
    def placed(
        self, tree: Tree, stacked: Sequence[Sequence[str]] = ()
    ) -> PlacedWeights:
        """Return the constants that have a place; ``tree`` is that of the whole model.

        ``stacked`` are the paths of instances whose tensors are one tensor.
        """

    @abstractmethod
    def layer(self, layer: Layer, call: Call) -> Leaf:
        """Return a layer, as it is called first."""

    @abstractmethod
    def tensor(self, key: str, shape: tuple[int | str, ...]) -> Leaf:
        """Return a tensor that is of no layer; lengths may be names."""

    def leaf_of(self, key: str) -> str:
        """Return the path of the layer or of the tensor that a key is of."""
        module = key.rpartition(".")[0]
        return module if module in self.layers else key

    def _layers(self) -> Iterator[tuple[str, Layer, Call]]:
        told = set()
        for statement in self.program.walk():
            call = statement.operation
            layer = call.function if isinstance(call, Call) else None
            if not isinstance(layer, Layer) or not layer.is_module:
                continue
            if layer.path not in told:
                assert isinstance(call, Call)
                told.add(layer.path)
                yield layer.path, layer, call
