"""Patterns of nodes: what a rule looks for, written down as nested tuples.

``("Mul", "x", ("Sigmoid", "x"))`` is a Mul of some value and its Sigmoid. A name stands for any
value, the same one wherever it occurs; a number for a constant of one element, which is that
number to float32's rounding; a list for any of several patterns. The inputs of Add and Mul may
have changed places.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

import numpy as np

from ..ir.graph import Graph, Node
from ..ir.types import TensorType, ValueType
from .rewrite import count_uses

Pattern = Any
Guard = Callable[["Values", Node], Optional[tuple[str, ...]]]
"""Returns the inputs that a pattern is compared with, None if the node is not what is meant."""

COMMUTATIVE = frozenset(("Add", "Mul"))
RELATIVE_ERROR = 2e-7
"""How far a constant may be off: two roundings to float32."""


@dataclass(frozen=True)
class Match:
    """The values that names stand for, and the nodes that the pattern takes in."""

    values: Mapping[str, str] = field(default_factory=dict)
    nodes: tuple[Node, ...] = ()


@dataclass
class Values:
    """What is known of the values of a graph and its subgraphs."""

    constants: Mapping[str, np.ndarray]
    types: Mapping[str, ValueType]
    uses: Counter[str]
    makers: dict[str, Node]
    guards: Mapping[str, Guard]

    @classmethod
    def of(cls, graph: Graph, guards: Mapping[str, Guard]) -> Values:
        """Collect what is known of the main graph."""
        makers = {n.outputs[0]: n for n in graph.nodes if len(n.outputs) == 1}
        return cls(graph.constants, graph.types, count_uses(graph), makers, guards)

    def type(self, name: str) -> TensorType | None:
        """Return the type of a tensor."""
        kind = self.types.get(name)
        return kind if isinstance(kind, TensorType) else None

    def number(self, name: str) -> float | None:
        """Return a constant of one element and no axes, or one axis."""
        array = self.constants.get(name)
        if array is None or array.size != 1 or array.ndim > 1:
            return None
        return float(array.reshape(())) if array.dtype.kind in "fiu" else None

    def find(self, pattern: Pattern, root: Node) -> Match | None:
        """Match a pattern with a node and those before it, which nothing else may read."""
        for match in self._node(pattern, root, Match()):
            inside = {id(node): node for node in match.nodes}
            reads = Counter(name for node in inside.values() for name in node.inputs)
            hidden = [n.outputs[0] for n in inside.values() if n is not root]
            if all(self.uses[name] == reads[name] for name in hidden):
                return Match(match.values, tuple(inside.values()))
        return None

    def _value(self, pattern: Pattern, name: str, found: Match) -> Iterator[Match]:
        if isinstance(pattern, list):
            for each in pattern:
                yield from self._value(each, name, found)
        elif isinstance(pattern, str):
            if found.values.get(pattern, name) == name:
                yield Match({**found.values, pattern: name}, found.nodes)
        elif isinstance(pattern, tuple):
            if name in self.makers:
                yield from self._node(pattern, self.makers[name], found)
        else:
            number = self.number(name)
            if number is not None and np.isclose(number, pattern, RELATIVE_ERROR, 0):
                yield found

    def _node(self, pattern: Pattern, node: Node, found: Match) -> Iterator[Match]:
        operator, *wanted = pattern
        if node.operator != operator or node.domain:
            return
        guard = self.guards.get(operator)
        inputs = guard(self, node) if guard else node.inputs
        if inputs is None or len(inputs) != len(wanted):
            return
        found = Match(found.values, (*found.nodes, node))
        orders = [inputs, inputs[::-1]] if operator in COMMUTATIVE else [inputs]
        for order in orders:
            yield from self._all(wanted, order, found)

    def _all(
        self, patterns: list[Pattern], names: tuple[str, ...], found: Match
    ) -> Iterator[Match]:
        if not patterns:
            yield found
            return
        for each in self._value(patterns[0], names[0], found):
            yield from self._all(patterns[1:], names[1:], each)
