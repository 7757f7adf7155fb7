"""Steps over an axis that an exporter unrolled: how the result of each is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..ir.graph import Node
from ..ir.types import Shape, TensorType, ValueType
from ..traits.operator import ELEMENTWISE
from ..traits.operators import operator_traits
from .rewrite import Draft, slice_bounds

BINARY = frozenset(("Add", "Div", "Mul", "Pow", "Sub"))
MOVING = frozenset(("Squeeze", "Unsqueeze"))
LONGEST = 64
"""In nodes, of what a slice passes through."""


@dataclass(frozen=True)
class Step:
    """What is done with one slice: from the source on."""

    source: str
    index: int
    is_squeezed: bool
    """Whether the slice has no axis of the length 1, which comes back at the end."""
    body: tuple[Node, ...]
    """Without what takes the slice, and Squeeze and Unsqueeze of its axis."""
    nodes: tuple[Node, ...]
    """With these."""


class Steps:
    """What a Concat puts together, and how to walk back from there."""

    def __init__(
        self,
        node: Node,
        draft: Draft,
        types: dict[str, ValueType],
        constants: Mapping[str, np.ndarray],
    ) -> None:
        self.node, self.draft = node, draft
        self.types, self.constants = types, constants
        joined = self.lengths(node.outputs[0])
        axis: Any = node.attributes.get("axis", 0)
        self.rank = len(joined or ())
        self.axis = axis % self.rank if -self.rank <= axis < self.rank else self.rank

    def step(self, name: str) -> Step | None:
        """Walk back from an operand of Concat to the slice that it is made of."""
        behind: list[Node] = []
        while len(behind) < LONGEST:
            node = self.draft.maker(name)
            if node is None or node.domain or self.draft.uses(name) != 1:
                return None
            index = self.index(node, name)
            if index is not None:
                return self.between(node, index, behind[::-1])
            if not self.maps(node):
                return None
            behind.append(node)
            name = node.inputs[self.operand(node)]
        return None

    def between(self, source: Node, index: int, nodes: list[Node]) -> Step | None:
        """Return the step, if its axis goes and comes back at the ends alone."""
        body, is_squeezed = nodes, False
        if source.operator == "Gather":
            is_squeezed = self.constants[source.inputs[1]].ndim == 0
        elif body and body[0].operator == "Squeeze":
            if self.axes(body[0]) != (self.axis,):
                return None
            body, is_squeezed = body[1:], True
        if is_squeezed:
            if not body or body[-1].operator != "Unsqueeze":
                return None
            if self.axes(body[-1]) != (self.axis,):
                return None
            body = body[:-1]
        if any(node.operator in MOVING for node in body):
            return None
        everything = (source, *nodes)
        return Step(source.inputs[0], index, is_squeezed, tuple(body), everything)

    def index(self, node: Node, name: str) -> int | None:
        """Return which slice of length 1 of the axis a node takes, None if it takes none."""
        length = self.length(node.inputs[0]) if node.inputs else None
        along: Any = node.attributes.get("axis", 0)
        part: Sequence[int] = ()
        if length is None:
            return None
        if node.operator == "Slice":
            bounds = slice_bounds(node, self.constants) or ((), (), (), ())
            starts, ends, axes, steps = bounds
            along = axes[0] if len(axes) == 1 else 0
            if len(starts) == len(ends) == 1 and len(axes) < 2 and set(steps) <= {1}:
                part = range(length)[starts[0] : ends[0]]
        elif node.operator == "Gather":
            at = self.constants.get(node.inputs[1])
            if at is not None and at.size == 1 and at.ndim < 2:
                number = int(at.reshape(()))
                part = range(length)[number : number + 1 or None]
                part = part if -length <= number else ()
        elif node.operator == "Split" and len(node.outputs) == length:
            are_single = {self.length(each) for each in node.outputs} == {1}
            part = (node.outputs.index(name),) if are_single else ()
        is_along = along % self.rank == self.axis
        return part[0] if is_along and len(part) == 1 else None

    def maps(self, node: Node) -> bool:
        """Whether a node may be part of a step."""
        constants = [name in self.constants for name in node.inputs if name]
        if len(node.outputs) != 1 or constants.count(False) != 1:
            return False
        if node.operator == "MatMul":
            return constants[-1] and self.constants[node.inputs[1]].ndim == 2
        if node.operator in BINARY:
            return node.version >= 7 and len(constants) == 2
        is_elementwise = operator_traits("", node.operator).shape == ELEMENTWISE
        return (is_elementwise or node.operator in MOVING) and not constants[0]

    def operand(self, node: Node) -> int:
        """Return which input of a node is not a constant."""
        return next(i for i, n in enumerate(node.inputs) if n not in self.constants)

    def axes(self, node: Node) -> tuple[int, ...] | None:
        """Return the axes of Squeeze or Unsqueeze, from the front."""
        axes: Any = node.attributes.get("axes")
        if axes is None and len(node.inputs) > 1:
            axes = self.constants[node.inputs[1]].reshape(-1).tolist()
        return None if axes is None else tuple(axis % self.rank for axis in axes)

    def length(self, name: str) -> int | None:
        """Return how long the axis is in a value that has all axes, if that is known."""
        shape = self.lengths(name)
        if shape is None or len(shape) != self.rank:
            return None
        length = shape[self.axis]
        return length if isinstance(length, int) else None

    def lengths(self, name: str) -> Shape:
        """Return the shape of a value."""
        kind = self.types.get(name)
        return kind.shape if isinstance(kind, TensorType) else None
