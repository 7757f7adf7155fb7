"""Constant nodes become constants of the graph.

C1  Constant (every form of its value) -> a constant.
"""

from __future__ import annotations

from dataclasses import replace

from ..ir.graph import Graph, Node
from ..ir.types import tensor_type_of
from ..lowering.evaluate import evaluate_node


def collect_constants(graph: Graph) -> Graph:
    """Turn Constant nodes into constants, in subgraphs too."""
    constants, nodes = dict(graph.constants), []
    types = dict(graph.types)
    for node in graph.nodes:
        if node.operator == "Constant" and not node.domain:
            constants.update(evaluate_node(node, {}))
            types.update({n: tensor_type_of(constants[n]) for n in node.outputs if n})
        else:
            nodes.append(_in_subgraphs(node))
    return replace(graph, nodes=tuple(nodes), constants=constants, types=types)


def _in_subgraphs(node: Node) -> Node:
    changed = {key: collect_constants(graph) for key, graph in node.subgraphs.items()}
    return replace(node, attributes={**node.attributes, **changed}) if changed else node
