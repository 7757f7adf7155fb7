"""Types of the results of loop bodies in the first iteration.

A loop may change the shapes of its state, so inference assumes none, and results computed from
the state have no shape either. But a loop without iterations returns an empty tensor for each
scan output, whose other axes are those that the first iteration would give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import onnx

from ..ir.types import TensorType, ValueType, completed, numbers_of
from .types import type_proto, value_type
from .walk import graphs_of, subgraphs_of

Types = list[tuple["ValueType | None", ...]]
"""For each subgraph, in order: the types of its outputs, or of its inputs."""


def types_of(graph: onnx.GraphProto, part: str) -> Types:
    """Return the types that a file gives to the ``input`` or ``output`` of each subgraph."""
    return [tuple(map(value_type, getattr(g, part))) for g in subgraphs_of(graph)]


def with_first_rounds(
    inferred: onnx.ModelProto,
    inputs: Types,
    promised: Types,
    infer: Callable[[onnx.ModelProto], onnx.ModelProto],
) -> Types:
    """Return ``promised``, completed by the types of first iterations where needed.

    Parameters
    ----------
    inferred : the model after inference
    inputs, promised : types in the file of the inputs and outputs of subgraphs
    infer : inference that keeps the shapes of inputs
    """
    if not any(_is_vague(node, body) for node, body in _loops(inferred.graph)):
        return promised
    values = {
        value.name: value_type(value)
        for graph in graphs_of(inferred.graph)
        for value in (*graph.input, *graph.value_info, *graph.output)
    }
    model = onnx.ModelProto()
    model.CopyFrom(inferred)
    for graph, kinds in zip(subgraphs_of(model.graph), inputs):
        del graph.value_info[:]
        for output in graph.output:
            output.ClearField("type")
        for value, kind in zip(graph.input, kinds):
            if kind is not None:
                value.type.CopyFrom(type_proto(kind))
    for node, body in _loops(model.graph):
        for name, value in zip(node.input[2:], body.input[2:]):
            kind = completed(values.get(name), value_type(value))
            if kind is not None:
                value.type.CopyFrom(type_proto(kind))
    made = types_of(infer(model).graph, "output")
    return [
        tuple(completed(numbers_of(kind), said) for kind, said in zip(kinds, declared))
        for kinds, declared in zip(made, promised)
    ]


def _loops(graph: onnx.GraphProto) -> Iterator[tuple[onnx.NodeProto, onnx.GraphProto]]:
    """Yield each Loop with its body."""
    for node in (node for each in graphs_of(graph) for node in each.node):
        for attribute in node.attribute:
            if node.op_type == "Loop" and not node.domain and attribute.HasField("g"):
                yield node, attribute.g


def _is_vague(node: onnx.NodeProto, body: onnx.GraphProto) -> bool:
    """Return whether some lengths of one iteration's scan outputs are unknown."""
    scans = map(value_type, body.output[len(node.input) - 1 :])
    return not all(isinstance(k, TensorType) and k.static_shape for k in scans)
