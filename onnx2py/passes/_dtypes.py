"""Element types that ONNX's inference leaves open: it knows none of onnxruntime's operators."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..decode.definitions import output_types
from ..ir.graph import Graph, Node
from ..ir.types import TensorType, ValueType, tensor_type_of
from ..traits.operators import operator_traits
from ._halves import slots_of


def with_element_types(graph: Graph) -> dict[str, ValueType]:
    """Return the types of a graph's values, with those that can be told from the operators."""
    types = dict(graph.types)
    _complete(graph, types, {})
    return types


def _complete(
    graph: Graph, types: dict[str, ValueType], outer: Mapping[str, np.ndarray]
) -> None:
    constants = {**outer, **graph.constants}
    for name, array in graph.constants.items():
        types.setdefault(name, tensor_type_of(array))
    for node in graph.nodes:
        for slot in slots_of(node) if node.subgraphs else ():
            if slot.read is not None and slot.given is not None:
                for body in node.subgraphs.values():
                    _take(types, body.inputs[slot.given], node.inputs[slot.read])
        for body in node.subgraphs.values():
            _complete(body, types, constants)
        for slot in slots_of(node) if node.subgraphs else ():
            if slot.returned is not None and slot.made is not None:
                body = next(iter(node.subgraphs.values()))
                _take(types, node.outputs[slot.made], body.outputs[slot.returned])
        if not node.subgraphs and not all(n in types for n in node.outputs if n):
            _of_results(node, types, constants)


def _take(types: dict[str, ValueType], name: str, source: str) -> None:
    """Give a value the element type of another, if it has none; lengths may differ."""
    kind = types.get(source)
    if name and name not in types and isinstance(kind, TensorType):
        types[name] = TensorType(kind.dtype)


def _of_results(
    node: Node, types: dict[str, ValueType], constants: Mapping[str, np.ndarray]
) -> None:
    """Note what is known of the results of a node."""
    for name, kind in output_types(node, types, constants).items():
        types.setdefault(name, kind)
    note_element_types(node, types)


def note_element_types(node: Node, types: dict[str, ValueType]) -> None:
    """Give results without a type the element types that the table of operators says."""
    results = operator_traits(node.domain, node.operator).results
    for place, name in enumerate(node.outputs if results else ()):
        source = results[min(place, len(results) - 1)]
        if isinstance(source, str) and name:
            types.setdefault(name, TensorType(source))
        elif isinstance(source, int) and source < len(node.inputs):
            _take(types, name, node.inputs[source])
