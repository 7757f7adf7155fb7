"""Loops over an axis that exporters unrolled: what Keras calls TimeDistributed.

U1  Concat of results that the same nodes make of each slice of an axis, one after another ->
    these nodes, applied to all of it at once; before a Transpose that only the slices read.

Only nodes that compute every slice by itself: of one operand, of a constant that is the same
for all slices, and products by a matrix.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..ir.graph import Graph, Node
from ._inference import infer
from ._steps import BINARY, Step, Steps
from .rewrite import Draft, note_also


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


class _Unrolled(Steps):
    """A Concat, and the steps that it may put together."""

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

    def rewritten(self, step: Step, others: list[Node]) -> tuple[Node, ...]:
        """Return the body of a step, on the whole source; its last node stands for all."""
        inner, outer = step.nodes[0].inputs[0], step.source
        identity = replace(self.node, operator="Identity", version=13, attributes={})
        body = step.body or (replace(identity, inputs=(inner,)),)
        inner = body[0].inputs[self.operand(body[0])]
        turn = self.turn(step)
        last: tuple[int, ...] = ()
        new: list[Node] = []
        if turn:
            before, last = _apart(turn.attributes["perm"])
            outer = turn.inputs[0]
            if before != tuple(range(self.rank)):
                outer = self.name(turn, new)
                new.append(_turned(turn, before, turn.inputs[0], (outer,)))
                infer(new[-1], self.types, self.constants)
        for node in body:
            inputs = tuple(outer if each == inner else each for each in node.inputs)
            inner, outer = node.outputs[0], self.name(node, new)
            new.append(replace(node, inputs=inputs, outputs=(outer,), name="", also=()))
            infer(new[-1], self.types, self.constants)
        apart = {node.outputs: node for node in (*others, self.node)}
        new[-1] = note_also(replace(new[-1], name=self.node.name), *apart.values())
        if turn:
            new.append(_turned(turn, last, outer, self.node.outputs))
        else:
            self.types.pop(outer, None)
        return (*new[:-1], replace(new[-1], outputs=self.node.outputs))

    def turn(self, step: Step) -> Node | None:
        """Return the Transpose that makes the source, if it may as well come last.

        Rows of a product lie in memory side by side then, as a convolution leaves them.
        """
        node = self.draft.maker(step.source)
        if node is None or node.operator != "Transpose" or node.domain or not step.body:
            return None
        perm = node.attributes.get("perm")
        if not isinstance(perm, tuple) or len(perm) != self.rank:
            return None
        binary = [n for n in step.body if n.operator in BINARY]
        constants = [
            self.constants[c] for n in binary for c in n.inputs if c in self.constants
        ]
        if any(array.ndim > 1 for array in constants):
            return None
        return node if self.draft.uses(step.source) == len(self.node.inputs) else None

    def name(self, node: Node, new: list[Node]) -> str:
        """Return the name of a value that the graph does not have."""
        name = f"{self.node.outputs[0]}.{node.operator.lower()}"
        while name in self.types or any(name in other.outputs for other in new):
            name += "_"
        return name

    def is_apart(self, step: Step) -> bool:
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

    def is_like(self, step: Step, other: Step) -> bool:
        """Whether two steps do the same with slices of the same value."""
        here, there = (
            (s.source, s.is_squeezed, [self.deed(node) for node in s.body])
            for s in (step, other)
        )
        return here == there

    def deed(self, node: Node) -> tuple[Any, ...]:
        """Return a key of the operation of a node, regardless of its inputs."""
        inputs = [name if name in self.constants else None for name in node.inputs]
        return (
            node.operator,
            node.version,
            inputs,
            repr(sorted(node.attributes.items())),
        )


def _apart(perm: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return an order with the others in place that puts an axis last, and the rest of it."""
    before = (*sorted(perm[:-1]), perm[-1])
    return before, tuple(map(before.index, perm))


def _turned(
    node: Node, perm: tuple[int, ...], x: str, outputs: tuple[str, ...]
) -> Node:
    return replace(node, inputs=(x,), outputs=outputs, attributes={"perm": perm})
