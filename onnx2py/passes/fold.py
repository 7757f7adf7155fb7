"""Constant folding, with the kernels that the package would run.

F1  A node whose inputs are all constants -> its outputs as constants.
F2  Shape or Size of a value whose lengths are known -> a constant.
F3  A node that only moves elements of a partly known shape, and picks known ones -> a constant.
F4  A node whose lengths were not all known, but follow from what was folded before -> noted.

Never folded: random operators, control flow, and what would make the package larger by more
than :data:`MAX_GROWTH` bytes. Lengths of inputs may be relied on: the package checks them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np

from ..errors import UnsupportedError
from ..ir.graph import Graph, Node
from ..ir.memory import give_back, put_aside
from ..ir.types import TensorType, ValueType, tensor_type_of
from ..lowering.evaluate import evaluate_node
from ..traits.operators import operator_traits
from ._growth import bytes_of, foreseen
from ._inference import infer, is_open

MAX_GROWTH = 1 << 20
"""How many bytes a folded node may add to the package."""

MAX_HELD = 1 << 26
"""How many bytes of folded constants stay in memory; others go into temporary files."""

MAX_WORK = 1 << 34
"""How many bytes folded nodes may read and write in all: some seconds."""

MAX_STEPS = 1 << 32
"""How many products a node that is folded may sum."""

MAX_GROWN = 1 << 27
"""How many bytes one pass may add to the package in all."""

MAX_LABELS = 64


def fold_constants(graph: Graph) -> Graph:
    """Fold a graph and its subgraphs."""
    return _Folder(dict(graph.types)).graph(graph, {})


@dataclass
class _Partial:
    """Elements of a shape: ``values`` where ``known``, else 0."""

    values: np.ndarray
    known: np.ndarray


@dataclass
class _Folder:
    types: dict[str, ValueType]
    partial: dict[str, _Partial] = field(default_factory=dict)
    news: set[str] = field(default_factory=set)
    """Values of which this pass found out more."""
    held: int = 0
    """How many bytes of what was folded are in memory."""
    work: int = 0
    grown: int = 0

    def graph(self, graph: Graph, outer: Mapping[str, np.ndarray]) -> Graph:
        constants = {**outer, **graph.constants} if outer else dict(graph.constants)
        own = dict(graph.constants)
        folded = dict(graph.folded)
        nodes = []
        for node in graph.nodes:
            found = self.node(node, constants)
            if found is None:
                self.infer(node, constants)
                nodes.append(self.subgraphs(node, constants))
                continue
            labels = dict.fromkeys((node.label, *node.also))
            labels.update(
                (label, None) for name in node.inputs for label in folded.get(name, ())
            )
            self.news.update(found)
            for name, array in found.items():
                own[name] = constants[name] = array
                self.types[name] = tensor_type_of(array)
                folded[name] = tuple(labels)[:MAX_LABELS]
        return replace(
            graph, nodes=tuple(nodes), constants=own, folded=folded, types=self.types
        )

    def subgraphs(self, node: Node, constants: Mapping[str, np.ndarray]) -> Node:
        changed = {
            key: self.graph(graph, constants) for key, graph in node.subgraphs.items()
        }
        return (
            replace(node, attributes={**node.attributes, **changed})
            if changed
            else node
        )

    def node(
        self, node: Node, constants: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray] | None:
        """Return the outputs of a node that can be folded."""
        traits = operator_traits(node.domain, node.operator)
        if traits.random or traits.unbounded or node.subgraphs or not node.outputs:
            return None
        if node.operator in ("Shape", "Size") and not node.domain:
            return self.shape(node, constants)
        names = [name for name in node.inputs if name]
        if not node.inputs and not traits.grows:
            return None
        if all(name in constants for name in names):
            return self.evaluate(node, {name: constants[name] for name in names})
        if traits.moves and len(node.outputs) == 1:
            return self.move(node, constants)
        return None

    def infer(self, node: Node, constants: Mapping[str, np.ndarray]) -> None:
        """F4: where an input says more than before, or all that it can."""
        if node.subgraphs or not any(
            is_open(self.types.get(n)) for n in node.outputs if n
        ):
            return
        read = [name for name in node.inputs if name]
        if not self.news.isdisjoint(read) or not any(
            is_open(self.types.get(n)) for n in read
        ):
            self.news |= infer(node, self.types, constants)

    def evaluate(
        self, node: Node, values: Mapping[str, Any]
    ) -> dict[str, np.ndarray] | None:
        """F1."""
        before = sum(map(bytes_of, values.values()))
        cost = foreseen(node, self.types, values)
        if cost is None or (cost.size or 0) > before + MAX_GROWTH:
            return None
        if self.work > MAX_WORK or self.grown > MAX_GROWN:
            return None
        if cost.steps > MAX_STEPS:
            return None
        try:
            found = evaluate_node(node, values, self.types)
        except (
            UnsupportedError,
            ArithmeticError,
            AttributeError,
            LookupError,
            TypeError,
            ValueError,
            MemoryError,
        ):
            return None  # the package will say what is wrong with it, if it is ever reached
        arrays = {
            name: array
            for name, array in found.items()
            if isinstance(array, np.ndarray)
        }
        if len(arrays) < len(found):
            return None  # sequences and maps have no file format
        after = sum(map(bytes_of, arrays.values()))
        self.work += before + after + cost.steps
        self.grown += max(after - before, 0)
        if after > before + MAX_GROWTH:
            return None
        for value in values.values():
            give_back(value)
        return {name: self.kept(array) for name, array in arrays.items()}

    def kept(self, array: np.ndarray) -> np.ndarray:
        """Return a folded array, out of memory if much is there already."""
        if array.nbytes > MAX_GROWTH and self.held + array.nbytes > MAX_HELD:
            return put_aside(array)
        self.held += array.nbytes
        return array

    def shape(
        self, node: Node, constants: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray] | None:
        """F2, and the start of F3."""
        kind = self.types.get(node.inputs[0])
        if node.inputs[0] in constants:
            kind = tensor_type_of(constants[node.inputs[0]])
        if not isinstance(kind, TensorType) or kind.shape is None:
            return None
        if node.operator == "Size":
            if kind.static_shape is None:
                return None
            return {node.outputs[0]: np.array(prod(kind.static_shape), np.int64)}
        start, end = node.attributes.get("start"), node.attributes.get("end")
        assert isinstance(start, int | None) and isinstance(end, int | None)
        dims = kind.shape[start:end]
        values = np.array([d if isinstance(d, int) else 0 for d in dims], np.int64)
        known = np.array([isinstance(d, int) for d in dims], bool)
        return self.note(node.outputs[0], _Partial(values, known))

    def move(
        self, node: Node, constants: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray] | None:
        """F3: move the elements, and move in the same way the marks of what is known."""
        data = node.inputs if node.operator == "Concat" else node.inputs[:1]
        if not any(name in self.partial for name in data):
            return None
        rest = node.inputs[len(data) :]
        if any(name and name not in constants for name in rest):
            return None
        parts = [self.part(name, constants) for name in data]
        if any(part is None for part in parts):
            return None
        moved = []
        for field_name in ("values", "known"):
            values = {
                n: getattr(part, field_name).astype(np.int64)
                for n, part in zip(data, parts)
            }
            values.update((name, constants[name]) for name in rest if name)
            found = self.evaluate(node, values)
            if found is None:
                return None
            moved.append(found[node.outputs[0]])
        return self.note(node.outputs[0], _Partial(moved[0], moved[1].astype(bool)))

    def part(self, name: str, constants: Mapping[str, np.ndarray]) -> _Partial | None:
        if name in constants:
            array = constants[name]
            return _Partial(array, np.ones(array.shape, bool))
        return self.partial.get(name)

    def note(self, name: str, part: _Partial) -> dict[str, np.ndarray] | None:
        if part.known.all():
            return {name: part.values}
        self.partial[name] = part
        return None
