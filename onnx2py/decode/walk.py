"""The graphs and nodes of a file, those of subgraphs included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import onnx

from ..errors import DecodeError

MAX_DEPTH = 64
"""Maximum nesting of subgraphs."""


def graphs_of(graph: Any, depth: int = 0) -> Iterator[Any]:
    """Yield a graph or function, and all subgraphs inside it."""
    if depth > MAX_DEPTH:
        raise DecodeError(
            f"graph: expected at most {MAX_DEPTH} subgraphs inside each other"
        )
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for subgraph in (
                *attribute.graphs,
                *([attribute.g] if attribute.HasField("g") else ()),
            ):
                yield from graphs_of(subgraph, depth + 1)


def subgraphs_of(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """Yield all subgraphs inside a graph."""
    graphs = graphs_of(graph)
    next(graphs)
    return graphs


def nodes_of(graph: onnx.GraphProto | onnx.FunctionProto) -> Iterator[onnx.NodeProto]:
    """Yield the nodes of a graph or function, and of the subgraphs in it."""
    return (node for each in graphs_of(graph) for node in each.node)
