"""Loops over an axis that exporters unrolled: what Keras calls TimeDistributed.

U1  Concat of results that the same nodes make of each slice of an axis, one after another ->
    these nodes, applied to all of it at once.

Only nodes that compute every slice by itself: of one operand, of a constant that is the same
for all slices, and products by a matrix.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..ir.graph import Graph, Node
from ..ir.types import Shape, TensorType, ValueType
from ._inference import infer
from .rewrite import Draft, note_also, slice_bounds

POINTWISE = frozenset({
    "Abs", "Cast", "Ceil", "Clip", "Cos", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid",
    "HardSwish", "Identity", "LeakyRelu", "Log", "Neg", "Reciprocal", "Relu", "Round", "Selu",
    "Sigmoid", "Sign", "Sin", "Softplus", "Softsign", "Sqrt", "Swish", "Tanh",
})  # fmt: skip
"""Operators that compute each element by itself; inputs after the first are constants."""
BINARY = frozenset(("Add", "Div", "Mul", "Pow", "Sub"))
MOVING = frozenset(("Squeeze", "Unsqueeze"))
LONGEST = 64
"""In nodes, of what a slice passes through."""


@dataclass(frozen=True)
class _Step:
    """What is done with one slice: from the source on."""

    source: str
    index: int
    is_squeezed: bool
    """Whether the slice has no axis of the length 1, which comes back at the end."""
    body: tuple[Node, ...]
    """Without what takes the slice, and Squeeze and Unsqueeze of its axis."""
    nodes: tuple[Node, ...]
    """With these."""


def roll_up(graph: Graph) -> Graph:
    """Apply rule U1 to the main graph."""
    types = dict(graph.types)
    draft = Draft(graph)
    for node in graph.nodes:
        new: tuple[Node, ...] = ()
        if node.operator == "Concat" and not node.domain and len(node.inputs) > 1:
            new = _Unrolled(node, draft, types, graph.constants).whole()
        draft.add(new or (node,), instead_of=node)
    return replace(graph, nodes=draft.nodes, types=types)


class _Unrolled:
    """A Concat, and the steps that it may put together."""

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

    def whole(self) -> tuple[Node, ...]:
        """Return the nodes that compute all slices at once, none if there are no such."""
        names = self.node.inputs
        last = self.step(names[-1]) if self.axis < self.rank else None
        if last is None or last.index != len(names) - 1 or not self.is_apart(last):
            return ()
        if self.length(last.source) != len(names):
            return ()
        nodes: list[Node] = []
        for index, name in enumerate(names):
            step = self.step(name)
            if step is None or step.index != index or not self.is_like(step, last):
                return ()
            nodes.extend(step.nodes)
        return self.rewritten(last, nodes)

    def rewritten(self, step: _Step, others: list[Node]) -> tuple[Node, ...]:
        """Return the body of a step, on the whole source; its last node stands for all."""
        inner, outer = step.nodes[0].inputs[0], step.source
        identity = replace(self.node, operator="Identity", version=13, attributes={})
        body = step.body or (replace(identity, inputs=(inner,)),)
        inner = body[0].inputs[self.operand(body[0])]
        new: list[Node] = []
        for node in body:
            inputs = tuple(outer if each == inner else each for each in node.inputs)
            inner, outer = node.outputs[0], self.name(node, new)
            new.append(replace(node, inputs=inputs, outputs=(outer,), name="", also=()))
            infer(new[-1], self.types, self.constants)
        self.types.pop(outer, None)
        final = replace(new[-1], outputs=self.node.outputs, name=self.node.name)
        apart = {node.outputs: node for node in (*others, self.node)}
        return (*new[:-1], note_also(final, *apart.values()))

    def name(self, node: Node, new: list[Node]) -> str:
        """Return the name of a value that the graph does not have."""
        name = f"{self.node.outputs[0]}.{node.operator.lower()}"
        while name in self.types or any(name in other.outputs for other in new):
            name += "_"
        return name

    def step(self, name: str) -> _Step | None:
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

    def between(self, source: Node, index: int, nodes: list[Node]) -> _Step | None:
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
        return _Step(source.inputs[0], index, is_squeezed, tuple(body), everything)

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
        return node.operator in POINTWISE | MOVING and not constants[0]

    def is_apart(self, step: _Step) -> bool:
        """Whether no constant reaches the axis, and no product sums over it."""
        after = self.rank - 1 - self.axis
        for node in step.body:
            if node.operator == "MatMul" and not after:
                return False
            if node.operator not in BINARY:
                continue
            (name,) = (name for name in node.inputs if name in self.constants)
            shape = self.constants[name].shape
            before = shape[: max(len(shape) - after, 0)]
            if len(shape) > self.rank - step.is_squeezed:
                return False
            if not {*(before if step.is_squeezed else before[-1:])} <= {1}:
                return False
        return True

    def is_like(self, step: _Step, other: _Step) -> bool:
        """Whether two steps do the same with slices of the same value."""
        here, there = (
            (s.source, s.is_squeezed, [self.deed(node) for node in s.body])
            for s in (step, other)
        )
        return here == there

    def deed(self, node: Node) -> tuple[Any, ...]:
        """Return what a node does, whatever it does that with."""
        inputs = [name if name in self.constants else None for name in node.inputs]
        return (
            node.operator,
            node.version,
            inputs,
            repr(sorted(node.attributes.items())),
        )

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
