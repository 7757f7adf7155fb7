"""Graphs as text, in the syntax of ``onnx.parser``: what tests of passes compare."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .graph import Graph, Node
from .types import tensor_type_of


def print_graph(graph: Graph) -> str:
    """Return a graph as text.

    One line for the signature, one for each constant, one for each node; a node's line ends
    in the other nodes that it stands for.
    """
    return "\n".join(_lines(graph, ""))


def _lines(graph: Graph, indent: str) -> Iterator[str]:
    outputs = ", ".join(graph.outputs)
    yield f"{indent}({', '.join(graph.inputs)}) => ({outputs})"
    for name, array in {**graph.constants, **graph.defaults}.items():
        mark = "?" if name in graph.defaults else ""
        yield f"{indent}  {tensor_type_of(array)} {name}{mark} = {_array(array)}"
    for node in graph.nodes:
        yield f"{indent}  {_node(node)}"
        for key, subgraph in node.subgraphs.items():
            head, *rest = _lines(subgraph, f"{indent}    ")
            yield f"{indent}    {key} = {head.strip()}"
            yield from rest


def _node(node: Node) -> str:
    attributes = {k: v for k, v in node.attributes.items() if not isinstance(v, Graph)}
    listed = ", ".join(f"{k}={_value(v)}" for k, v in sorted(attributes.items()))
    also = f"  # + {' + '.join(node.also)}" if node.also else ""
    operator = (
        f"{node.qualified_operator} <{listed}>" if listed else node.qualified_operator
    )
    return f"{', '.join(node.outputs)} = {operator} ({', '.join(node.inputs)}){also}"


def _value(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{tensor_type_of(value)} {_array(value)}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    return (
        repr(value)
        if isinstance(value, str)
        else f"{value:g}" if isinstance(value, float) else str(value)
    )


def _array(array: np.ndarray) -> str:
    if array.size > 16:
        return "{...}"
    items = (
        f"{x:g}" if isinstance(x, float) else str(x) for x in array.ravel().tolist()
    )
    return f"{{{', '.join(items)}}}"
