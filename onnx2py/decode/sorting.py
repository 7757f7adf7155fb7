"""Nodes of a file in topological order."""

from __future__ import annotations

from collections.abc import Iterator

import onnx

from ..ir.order import CycleError, order_of
from .walk import graphs_of, subgraphs_of


def sort_graphs(proto: onnx.ModelProto) -> None:
    """Sort the nodes of all graphs topologically, as inference requires."""
    for graph in graphs_of(proto.graph):
        producer = {
            name: i for i, n in enumerate(graph.node) for name in n.output if name
        }
        needs = [
            {producer[name] for name in _reads(node) if name in producer}
            for node in graph.node
        ]
        try:
            order = order_of(needs)
        except CycleError:
            continue  # the decoder reports it
        if order != list(range(len(order))):
            nodes = [
                onnx.NodeProto.FromString(graph.node[i].SerializeToString())
                for i in order
            ]
            del graph.node[:]
            graph.node.extend(nodes)


def _reads(node: onnx.NodeProto) -> Iterator[str]:
    """Yield the names that a node may read, its subgraphs included."""
    yield from node.input
    if any(a.HasField("g") or a.graphs for a in node.attribute):
        for inner in subgraphs_of(onnx.GraphProto(node=[node])):
            made = {name for each in inner.node for name in each.output}
            made.update(value.name for value in inner.input)
            names = {name for each in inner.node for name in each.input}
            names.update(value.name for value in inner.output)
            yield from names - made
