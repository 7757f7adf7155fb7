"""What is known of the values of a graph, and how patterns are compared with its nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..ir.graph import Graph, Node
from ..ir.patterns import Matcher, Parts
from ..ir.types import TensorType, ValueType
from .rewrite import count_uses

Guard = Callable[["Values", Node], Optional[tuple[str, ...]]]
"""Returns the inputs that a pattern is compared with, None if the node is not what is meant."""


@dataclass
class Values(Matcher[Node]):
    """What is known of the values of a graph and its subgraphs."""

    constants: Mapping[str, np.ndarray]
    types: Mapping[str, ValueType]
    uses: Counter[str]
    makers: Mapping[str, Node]
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

    def number(self, operand: str) -> float | None:
        """Return a constant of one element and no axes, or one axis."""
        array = self.constants.get(operand)
        if array is None or array.size != 1 or array.ndim > 1:
            return None
        return float(array.reshape(())) if array.dtype.kind in "fiu" else None

    def function(self, step: Node) -> str:
        """Return an operator of ONNX's own, "" for others."""
        return "" if step.domain else step.operator

    def parts(self, step: Node) -> Parts | None:
        """Return the inputs of a node; guards look at its attributes."""
        guard = self.guards.get(step.operator)
        inputs = guard(self, step) if guard else step.inputs
        return None if inputs is None else (inputs, {})

    def reads(self, step: Node) -> tuple[str, ...]:
        """Return the inputs of a node."""
        return step.inputs

    def result(self, step: Node) -> str:
        """Return the output of a node."""
        return step.outputs[0]

    def maker(self, operand: str) -> Node | None:
        """Return the node that makes a value."""
        return self.makers.get(operand)
