"""What a rule about lengths sees of a node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from ...ir.graph import Node
from ...ir.types import Shape, TensorType, ValueType
from .types import input_name

Ints = tuple[int, ...]


@dataclass(frozen=True)
class View:
    """A node with the shapes that are known of its inputs and outputs."""

    node: Node
    types: Mapping[str, ValueType]

    def input(self, place: int) -> Shape:
        """Return the shape of an input."""
        names = self.node.inputs
        return self._shape(names[place]) if place < len(names) else None

    def output(self, place: int) -> Shape:
        """Return the shape of an output."""
        names = self.node.outputs
        return self._shape(names[place]) if place < len(names) else None

    def name(self, place: int) -> str:
        """Return the operator's name for an input."""
        return input_name(self.node, place)

    def int(self, name: str, default: int) -> int:
        """Return an integer attribute."""
        value = self.node.attributes.get(name, default)
        return value if isinstance(value, int) else default

    def ints(self, name: str) -> Ints:
        """Return an attribute that is a list of integers, () where there is none."""
        value = self.node.attributes.get(name, ())
        values = value if isinstance(value, tuple) else ()
        return tuple(v for v in values if isinstance(v, int))

    def _shape(self, name: str) -> Shape:
        kind = self.types.get(name)
        return kind.shape if isinstance(kind, TensorType) else None


def elements(shape: Shape) -> int | None:
    """Return the number of elements, None if it is unknown."""
    if shape is None:
        return None
    numbers = [dim for dim in shape if isinstance(dim, int)]
    return prod(numbers) if len(numbers) == len(shape) else None
