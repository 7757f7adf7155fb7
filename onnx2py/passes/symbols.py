"""Lengths that the file leaves open, followed through the graph.

Y1  A length of a value that is not known, but follows from those of inputs -> it is noted.
Y2  Reshape to lengths that are computed, but are those of its input at the same places, or
    known numbers -> Reshape to a constant shape, in which 0 stands for the former.
Y3  Reshape to three axes, Transpose of the last two, Reshape back -> Transpose.
Y4  Reshape to rows, Gemm or MatMul and Add, Reshape back -> MatMul, and Add of the bias.
Y5  Expand to lengths that its input has -> Identity.
Y6  Lengths that an earlier value has as well, in the same order -> Identity of that value.
Y7  Reshape to a list, Reshape to lengths that are known numbers, or those of the input at the
    same places -> the second alone.

Exporters compute lengths again for each layer; after these rules most of that is dead code.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace

import numpy as np

from ..ir.graph import Graph, Node
from ..ir.types import TensorType, tensor_type_of
from ._dense import Dense, is_plain, restores
from ._knowledge import Knowledge
from ._shape_rules import Elements
from .rewrite import Draft, note_also


def follow_symbols(graph: Graph) -> Graph:
    """Apply rules Y1 to Y7 to the main graph."""
    draft = Draft(graph)
    outputs = frozenset(graph.outputs)
    follower = _Follower(dict(graph.types), dict(graph.constants), draft, outputs)
    for node in graph.nodes:
        draft.add(follower.node(node), instead_of=node)
    return replace(
        graph,
        nodes=draft.nodes,
        types=follower.types,
        constants=follower.constants,
    )


@dataclass
class _Follower(Knowledge):
    draft: Draft
    outputs: frozenset[str]
    known: dict[tuple[str, int, Elements], str] = field(default_factory=dict)
    """The first value of each type and rank that has these elements."""

    def node(self, node: Node) -> tuple[Node, ...]:
        """Note facts about the results of a node; return its replacement."""
        if node.subgraphs or not node.outputs:
            return (node,)
        try:
            if node.domain:
                self.learn(node)
                return (node,)
            return self._known(node)
        except (LookupError, ValueError, TypeError):
            return (node,)  # it is not valid, as its rule will say

    def _known(self, node: Node) -> tuple[Node, ...]:
        found: tuple[Node, ...] = (node,)
        if node.operator == "Expand" and self.is_expanded(node):
            same = replace(node, operator="Identity", version=13, attributes={})
            found = (replace(same, inputs=node.inputs[:1]),)
        if (
            node.operator == "Reshape" and len(node.inputs) > 1
        ):  # before 5: an attribute
            self.complete(node)
            node = self.direct(node)
            found = self.transpose(node) or self.linear(node) or (self.constant(node),)
        for each in found:
            self.learn(each)
        return (self.earlier(found[0]),) if len(found) == 1 else found

    def direct(self, last: Node) -> Node:
        """Y7."""
        first = self.behind(last.inputs[0], "Reshape")
        wanted, x = self.elements(last.inputs[1]), None
        if first is not None and self.elements(first.inputs[1]) == (-1,):
            x = self.lengths(first.inputs[0])
        if first is None or x is None or wanted is None:
            return last
        if last.attributes.get("allowzero", 0) or first.attributes.get("allowzero", 0):
            return last
        for n, there in itertools.zip_longest(wanted, x[: len(wanted)]):
            # A length that turns out to be 0 stands for that of the input at its place.
            if n in (0, None) or (isinstance(n, str) and n != there):
                return last
        merged = replace(last, inputs=(first.inputs[0], *last.inputs[1:]))
        return note_also(merged, first)

    def constant(self, node: Node) -> Node:
        """Y2."""
        wanted, x = self.elements(node.inputs[1]), self.lengths(node.inputs[0])
        if wanted is None or x is None or node.inputs[1] in self.constants:
            return node
        allowzero = bool(node.attributes.get("allowzero", 0))
        shape: list[int] = []
        for i, length in enumerate(wanted):
            if isinstance(length, int) and (length != 0 or not allowzero):
                shape.append(length)
            elif length is not None and i < len(x) and x[i] == length:
                shape.append(0)
            else:
                return node
        name = self.add(f"{node.outputs[0]}.shape", np.array(shape, np.int64))
        kept = {k: v for k, v in node.attributes.items() if k != "allowzero"}
        return replace(node, inputs=(node.inputs[0], name), attributes=kept)

    def earlier(self, node: Node) -> Node:
        """Y6."""
        name, elements = node.outputs[0], self.computed.get(node.outputs[0])
        kind = self.types.get(name)
        if elements is None or None in elements or len(node.outputs) > 1:
            return node
        if not isinstance(kind, TensorType) or kind.shape is None:
            return node
        if all(isinstance(n, int) for n in elements) or name in self.outputs:
            return node
        key = (kind.dtype, len(kind.shape), elements)
        first = self.known.setdefault(key, name)
        if first == name:
            return node
        return replace(
            node, operator="Identity", version=13, inputs=(first,), attributes={}
        )

    def is_expanded(self, node: Node) -> bool:
        """Y5."""
        wanted, x = self.elements(node.inputs[1]), self.lengths(node.inputs[0])
        if wanted is None or x is None or len(wanted) > len(x):
            return False
        same = x[len(x) - len(wanted) :]
        return all(a == 1 or (a is not None and a == b) for a, b in zip(wanted, same))

    def behind(self, name: str, operator: str) -> Node | None:
        """Return the node that makes what is read but once, if it is of this operator."""
        node = self.draft.maker(name)
        fits = node is not None and node.operator == operator and not node.domain
        return node if fits and self.draft.uses(name) == 1 else None

    def transpose(self, last: Node) -> tuple[Node, ...] | None:
        """Y3."""
        middle = self.behind(last.inputs[0], "Transpose")
        if middle is None or middle.attributes.get("perm") != (0, 2, 1):
            return None
        first = self.behind(middle.inputs[0], "Reshape")
        x = self.lengths(first.inputs[0]) if first else None
        if first is None or x is None or len(x) < 3 or None in x:
            return None
        rows = self.elements(first.inputs[1]) or ()
        wanted = self.elements(last.inputs[1])
        inner = self.lengths(middle.inputs[0]) or ()
        if wanted != (*x[:-2], x[-1], x[-2]) or len(rows) != 3:
            return None
        if inner[1:] != x[-2:] or not (rows[0] == -1 or isinstance(inner[0], int)):
            return None
        perm = (*range(len(x) - 2), len(x) - 1, len(x) - 2)
        merged = replace(
            middle,
            inputs=first.inputs[:1],
            outputs=last.outputs,
            attributes={"perm": perm},
        )
        return (note_also(merged, first, last),)

    def linear(self, last: Node) -> tuple[Node, ...] | None:
        """Y4."""
        dense = self.dense(last.inputs[0])
        first = self.behind(dense.product.inputs[0], "Reshape") if dense else None
        if dense is None or first is None:
            return None
        kind = self.types.get(last.outputs[0])
        if not isinstance(kind, TensorType) or kind.dtype not in ("float32", "float64"):
            return None  # of small floats, Gemm would round but once
        x, weight = self.lengths(first.inputs[0]), self.lengths(dense.product.inputs[1])
        rows, wanted = self.elements(first.inputs[1]), self.elements(last.inputs[1])
        if x is None or weight is None or len(weight) != 2 or len(x) < 3:
            return None
        if rows != (-1, x[-1]) or not restores(wanted, (*x[:-1], weight[1])):
            return None
        if dense.bias and self.lengths(dense.bias) != weight[1:]:
            return None
        product = replace(
            dense.product,
            operator="MatMul",
            version=13,
            inputs=(first.inputs[0], dense.product.inputs[1]),
            outputs=last.outputs,
            attributes={},
            also=(*dense.labels, *dense.product.also),
        )
        product = note_also(product, first, last)
        if not dense.bias:
            return (product,)
        name = f"{last.outputs[0]}.product"
        while name in self.types:
            name += "_"
        self.types[name] = kind
        addition = dense.addition or replace(dense.product, operator="Add", also=())
        add = replace(
            addition,
            operator="Add",
            version=14,
            inputs=(name, dense.bias),
            outputs=last.outputs,
            attributes={},
        )
        return replace(product, outputs=(name,)), add

    def dense(self, name: str) -> Dense | None:
        """Return the product of rows and a matrix, with its bias, that makes a value."""
        gemm = self.behind(name, "Gemm")
        if gemm is not None:
            bias = gemm.inputs[2] if len(gemm.inputs) > 2 else ""
            return Dense(gemm, bias) if is_plain(gemm) else None
        addition = self.behind(name, "Add")
        for made, bias in (
            ((name, ""),)
            if addition is None
            else (addition.inputs, addition.inputs[::-1])
        ):
            product = self.behind(made, "MatMul")
            if product is not None:
                return Dense(product, bias, addition)
        return None

    def add(self, name: str, array: np.ndarray) -> str:
        """Add a constant."""
        while name in self.constants or name in self.types:
            name += "_"
        self.constants[name], self.types[name] = array, tensor_type_of(array)
        return name
