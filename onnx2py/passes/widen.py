"""Half precision is computed in float32, and rounded where the graph says so.

W1  A value of float16 or bfloat16 -> float32: what operators make, the constants that they
    read, and what goes in and out of the bodies of If, Loop, Scan and of functions.
W2  An input in half precision -> its Cast to float32, for all who read it.
W3  An output in half precision -> the Cast of what W1 made of it.
W4  Cast to half precision -> itself, which rounds, then Cast to float32; from a type all of whose
    numbers half precision has -> Cast to float32; from half precision itself -> Identity.
W5  An operator that needs the type itself, of another domain, on sequences, or on a value of
    unknown type -> itself, with Casts before and after.

NumPy computes half floats number by number, 6 to 9 times slower, and rounds every result; the
oracle, onnxruntime, computes most of them in float32 as well, from one node to the next. What is
too great for half precision, 65504, is infinite only where it is rounded. The constants' numbers
are the same in float32: they are stored in half precision, and made float32 when they are loaded.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from ..ir.graph import Graph, Node, new_name
from ..ir.memory import put_aside
from ..ir.types import DTYPES, ELEMENT_TYPES, TensorType, ValueType
from ._dtypes import with_element_types
from ._halves import EXACT, FLOAT32, HALVES, Slot, half_of, in_float32, slots_of, wide
from .dead_code import remove_dead_code

LARGE = 1 << 20
"""Bytes of a constant in float32, from which on it is kept out of memory."""

CODES = {name: code for code, name in ELEMENT_TYPES.items()}
CAST_VERSION = 13
"""The version of Cast that is written; all since 6 do the same with these types."""


def widen_halves(graph: Graph) -> Graph:
    """Apply rules W1 to W5, in subgraphs too."""
    halves = {half_of(kind) for kind in graph.types.values()}
    halves.update(_half_name(array) for array in graph.constants.values())
    if halves <= {None}:
        return graph
    widener = _Widener(with_element_types(graph), set(_all_names(graph)))
    widened = widener.main(graph)
    narrow = tuple(name for name in HALVES if name in halves)
    # What only one form of a value is read of has been written in both.
    return remove_dead_code(replace(widened, types=widener.types, narrow=narrow))


@dataclass
class _Widener:
    types: dict[str, ValueType]
    taken: set[str]
    wides: dict[str, str] = field(default_factory=dict)
    """What a value that the graph has in half precision is called in float32."""
    halves: dict[str, str] = field(default_factory=dict)
    """What it is called in half precision."""

    def main(self, graph: Graph) -> Graph:
        """Return the model's graph: its inputs and outputs stay as they are (W2, W3)."""
        casts = [c for name in graph.inputs for c in self.stays_half(name)]
        found = self.graph(graph, casts, set(graph.outputs))
        outputs = tuple(self.halves.get(name, name) for name in graph.outputs)
        return replace(found, outputs=outputs)

    def graph(self, graph: Graph, casts: list[Node], rounded: Container[str]) -> Graph:
        """Return a graph with other nodes and constants; ``casts`` come first.

        The values ``rounded`` keep their names in half precision, the others in float32.
        """
        constants: dict[str, np.ndarray] = {}
        for name, array in graph.constants.items():
            constants.update(self.constant(name, array))
        made = (each for node in graph.nodes for each in self.node(node, rounded))
        return replace(graph, nodes=(*casts, *made), constants=constants)

    # ------------------------------------------------------------------ values

    def new(self, name: str, kind: ValueType) -> str:
        other = new_name(name, self.taken)
        self.taken.add(other)
        self.types[other] = kind
        return other

    def stays_half(self, name: str) -> list[Node]:
        """Note a value that is in half precision; return the node that converts it to float32."""
        kind = self.types.get(name)
        if not isinstance(kind, TensorType) or not half_of(kind):
            return []
        self.halves[name] = name
        self.wides[name] = self.new(name, wide(kind))
        return [_cast(name, self.wides[name], FLOAT32)]

    def becomes_wide(self, name: str, rounded: Container[str]) -> list[Node]:
        """Note a value that is float32 from now on; return the node that rounds it."""
        kind = self.types.get(name)
        if not isinstance(kind, TensorType) or not half_of(kind):
            return []
        if name in rounded:
            self.halves[name] = name
            self.wides[name] = self.new(name, wide(kind))
        else:
            self.halves[name] = self.new(name, kind)
            self.wides[name] = name
            self.types[name] = wide(kind)
        return [_cast(self.wides[name], self.halves[name], CODES[kind.dtype])]

    def constant(self, name: str, array: np.ndarray) -> dict[str, np.ndarray]:
        """Return both forms of a constant."""
        half = _half_name(array)
        if half is None:
            return {name: array}
        self.types[name] = TensorType(half, array.shape)
        self.becomes_wide(name, ())
        numbers = array.astype(np.float32)
        if numbers.nbytes > LARGE:
            numbers = put_aside(numbers)
        return {name: numbers, self.halves[name]: array}

    # ------------------------------------------------------------------ nodes

    def node(self, node: Node, rounded: Container[str]) -> list[Node]:
        """Return the replacement of a node."""
        if node.subgraphs:
            return self.with_bodies(node, rounded)
        if node.operator in ("Cast", "CastLike") and not node.domain:
            return self.cast(node, rounded)
        names = (*node.inputs, *node.outputs)
        widened = in_float32(node, {n: k for n in names if (k := self.said(n))})
        return self.widened(widened, rounded) if widened else self.kept(node)

    def said(self, name: str) -> ValueType | None:
        """Return the type that the graph says a value has."""
        return self.types.get(self.halves.get(name, name))

    def widened(self, node: Node, rounded: Container[str]) -> list[Node]:
        """Return a node that reads and makes float32 (rule W1), and what rounds its results."""
        casts = [c for n in node.outputs for c in self.becomes_wide(n, rounded)]
        inputs = tuple(self.wides.get(name, name) for name in node.inputs)
        outputs = tuple(self.wides.get(name, name) for name in node.outputs)
        return [replace(node, inputs=inputs, outputs=outputs), *casts]

    def kept(self, node: Node) -> list[Node]:
        """Return a node as the graph says it (rule W5), and what makes its results float32."""
        inputs = tuple(self.halves.get(name, name) for name in node.inputs)
        casts = [cast for name in node.outputs for cast in self.stays_half(name)]
        return [replace(node, inputs=inputs), *casts]

    def cast(self, node: Node, rounded: Container[str]) -> list[Node]:
        """Apply rule W4."""
        x, y = node.inputs[0], node.outputs[0]
        source, made = self.said(x), self.said(y)
        target = half_of(made)
        if target is None:
            as_text = isinstance(made, TensorType) and made.dtype == "string"
            return (
                self.kept(node)
                if made is None or as_text
                else self.widened(node, rounded)
            )
        plain = replace(node, operator="Cast", inputs=(x,), attributes={"to": FLOAT32})
        if half_of(source) == target:
            identity = replace(plain, operator="Identity", attributes={})
            return self.widened(identity, rounded)
        if isinstance(source, TensorType) and source.dtype in EXACT:
            return self.widened(plain, rounded)
        inputs, to = (self.wides.get(x, x),), {"to": CODES[target]}
        return [replace(plain, inputs=inputs, attributes=to), *self.stays_half(y)]

    # ------------------------------------------------------------------ bodies

    def with_bodies(self, node: Node, rounded: Container[str]) -> list[Node]:
        """Return a node whose subgraphs take and return float32, as far as both sides know."""
        slots = [slot for slot in slots_of(node) if self.is_half(slot, node)]
        read, given, returned, made = (
            {getattr(slot, side) for slot in slots}
            for side in ("read", "given", "returned", "made")
        )
        inputs = tuple(
            (self.wides if i in read else self.halves).get(name, name)
            for i, name in enumerate(node.inputs)
        )
        bodies = {
            key: self.border(graph, given, returned)
            for key, graph in node.subgraphs.items()
        }
        casts: list[Node] = []
        for i, name in enumerate(node.outputs):
            casts += (
                self.becomes_wide(name, rounded) if i in made else self.stays_half(name)
            )
        outputs = tuple(
            self.wides.get(name, name) if i in made else name
            for i, name in enumerate(node.outputs)
        )
        attributes = {**node.attributes, **bodies}
        found = replace(node, inputs=inputs, outputs=outputs, attributes=attributes)
        return [found, *casts]

    def is_half(self, slot: Slot, node: Node) -> bool:
        """Whether all who know a value know it in the same half precision."""
        kinds = {half_of(self.said(name)) for name in slot.names(node)}
        return len(kinds) == 1 and None not in kinds

    def border(
        self,
        graph: Graph,
        given: Container[int | None],
        returned: Container[int | None],
    ) -> Graph:
        """Return a subgraph that takes and returns float32 at some places."""
        casts: list[Node] = []
        for i, name in enumerate(graph.inputs):
            casts += (
                self.becomes_wide(name, ()) if i in given else self.stays_half(name)
            )
        found = self.graph(graph, casts, ())
        outputs = tuple(
            (self.wides if i in returned else self.halves).get(name, name)
            for i, name in enumerate(graph.outputs)
        )
        promised = tuple(
            wide(kind) if i in returned and isinstance(kind, TensorType) else kind
            for i, kind in enumerate(graph.promised)
        )
        return replace(found, outputs=outputs, promised=promised)


def _cast(x: str, y: str, to: int) -> Node:
    """Return a conversion that the graph does not have."""
    return Node("Cast", (x,), (y,), {"to": to}, version=CAST_VERSION)


def _all_names(graph: Graph) -> Iterator[str]:
    yield from (*graph.inputs, *graph.constants)
    for node in graph.nodes:
        yield from node.outputs
        for subgraph in node.subgraphs.values():
            yield from _all_names(subgraph)


def _half_name(array: np.ndarray) -> str | None:
    return next((name for name in HALVES if array.dtype == DTYPES[name]), None)
