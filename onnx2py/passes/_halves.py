"""Which nodes compute in float32 what the graph says in half precision, and which do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..ir.graph import Node
from ..ir.types import ELEMENT_TYPES, TensorType, ValueType
from ..traits.operators import operator_traits

HALVES = ("float16", "bfloat16")
FLOAT32 = next(code for code, name in ELEMENT_TYPES.items() if name == "float32")
EXACT = frozenset(("bool", "int8", "uint8", "int4", "uint4", "int2", "uint2"))
"""The types whose numbers are numbers of both half types: converting them rounds nothing."""

DOMAINS = ("", "com.microsoft")
"""The domains whose operators are known; what others do with a type is not known."""

_GIVEN = ("dtype", "output_dtype", "precision", "softmax_precision")
"""Attributes that are element types."""


def half_of(kind: ValueType | None) -> str | None:
    """Return the name of the half type that a tensor has, None for anything else."""
    return kind.dtype if isinstance(kind, TensorType) and kind.dtype in HALVES else None


def wide(kind: TensorType) -> TensorType:
    """Return a tensor type with float32 for its elements."""
    return replace(kind, dtype="float32")


def _has_both_bounds(node: Node) -> bool:
    """Return whether a Clip has both bounds."""
    return sum(map(bool, node.inputs[1:3])) == 2


def in_float32(node: Node, types: Mapping[str, ValueType]) -> Node | None:
    """Return the node that computes in float32 what ``node`` says in half precision, if any.

    Its results are float32 where those of ``node`` are half. None: it is to be computed as
    it stands, on half floats.
    """
    if node.domain not in DOMAINS or node.subgraphs:
        return None
    if operator_traits(node.domain, node.operator).typed:
        return None
    kinds = [types.get(name) for name in (*node.inputs, *node.outputs) if name]
    if not all(isinstance(kind, TensorType) for kind in kinds):
        return None  # lists of tensors hold what the graph says; of the rest nothing is known
    if node.operator == "ConstantOfShape":
        return _with_wide_value(node)
    if node.operator == "Clip" and node.version >= 11 and not _has_both_bounds(node):
        return None  # a missing bound is the largest number of the type
    if node.operator == "DequantizeLinear" and _is_half(node, "output_dtype"):
        attributes = {**node.attributes, "output_dtype": FLOAT32}
        return replace(node, attributes=attributes)
    if any(_is_half(node, name) for name in _GIVEN):
        return None
    if node.operator == "QuantizeLinear" and node.version >= 23:
        # The scale's type is the one to divide in, unless the node names another.
        return node if node.attributes.get("precision") else None
    return node if any(half_of(types.get(name)) for name in node.inputs) else None


def _is_half(node: Node, name: str) -> bool:
    code = node.attributes.get(name)
    return isinstance(code, int) and ELEMENT_TYPES.get(code) in HALVES


def _with_wide_value(node: Node) -> Node | None:
    value = node.attributes.get("value")
    if not isinstance(value, np.ndarray):
        return None
    attributes = {**node.attributes, "value": value.astype(np.float32)}
    return replace(node, attributes=attributes)


@dataclass(frozen=True)
class Slot:
    """One value on both sides of a subgraph's border: places in the node and in its graphs."""

    read: int | None = None
    """Which input of the node."""
    given: int | None = None
    """Which input of each subgraph."""
    returned: int | None = None
    """Which output of each subgraph."""
    made: int | None = None
    """Which output of the node."""

    def names(self, node: Node) -> list[str]:
        """Return the names of the value, on both sides; what is absent has none."""
        places = [(node.inputs, self.read), (node.outputs, self.made)]
        for graph in node.subgraphs.values():
            places += [(graph.inputs, self.given), (graph.outputs, self.returned)]
        return [names[i] for names, i in places if i is not None and names[i]]


def slots_of(node: Node) -> list[Slot]:
    """Return the values that cross the border of a node with subgraphs; none if unknown.

    Lengths that do not fit together are left out: the lowering reports them.
    """
    graph = next(iter(node.subgraphs.values()))
    read, given = len(node.inputs), len(graph.inputs)
    made = len(node.outputs)
    returned = min(len(each.outputs) for each in node.subgraphs.values())
    if node.calls_function:
        inputs = [Slot(i, i) for i in range(min(read, given))]
        return [*inputs, *_results(0, returned, 0, made)]
    if node.domain or node.operator not in ("If", "Loop", "Scan"):
        return []
    if node.operator == "If":
        return _results(0, returned, 0, made)
    if node.operator == "Loop":
        states = min(read, given, returned + 1) - 2
        state = [Slot(i + 2, i + 2, i + 1, _within(i, made)) for i in range(states)]
        return [*state, *_results(states + 1, returned, states, made)]
    first = 1 if node.version < 9 else 0  # sequence_lens came before all others
    scanned = node.attributes.get("num_scan_inputs", 0)
    assert isinstance(scanned, int)
    count = min(read - first, given)
    states = max(min(count - scanned, returned), 0)
    state = [Slot(i + first, i, i, _within(i, made)) for i in range(states)]
    inputs = [Slot(i + first, i) for i in range(states, count)]
    return [*state, *inputs, *_results(states, returned, states, made)]


def _results(inner: int, returned: int, outer: int, made: int) -> list[Slot]:
    """Return the slots of what a subgraph returns from ``inner`` on, which is ``outer`` on."""
    return [
        Slot(returned=inner + i, made=_within(outer + i, made))
        for i in range(returned - inner)
    ]


def _within(place: int, count: int) -> int | None:
    return place if place < count else None
