"""Constant nodes become constants of the graph.

T1  Constant (every form of its value) -> a constant.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..errors import UnsupportedError
from ..ir.graph import Graph, Node
from ..ir.types import tensor_type_of
from ..lowering.evaluate import evaluate_node


def collect_constants(graph: Graph) -> Graph:
    """Turn Constant nodes into constants, in subgraphs too."""
    constants, nodes = dict(graph.constants), []
    types = dict(graph.types)
    for node in graph.nodes:
        value = _constant(node)
        if value is None:
            nodes.append(_in_subgraphs(node))
        else:
            constants.update(value)
            types.update({name: tensor_type_of(array) for name, array in value.items()})
    return replace(graph, nodes=tuple(nodes), constants=constants, types=types)


def _constant(node: Node) -> dict[str, np.ndarray] | None:
    if node.operator != "Constant" or node.domain:
        return None
    try:
        return evaluate_node(node, {})
    except UnsupportedError:
        return None  # the lowering reports it, together with all other problems


def _in_subgraphs(node: Node) -> Node:
    changed = {key: collect_constants(graph) for key, graph in node.subgraphs.items()}
    return replace(node, attributes={**node.attributes, **changed}) if changed else node
