"""What passes share: renaming values, and counting who reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from ..ir.graph import Graph, Node


def substitute(graph: Graph, names: Mapping[str, str]) -> Graph:
    """Let other values stand for the keys of ``names``, in subgraphs too; chains are followed."""
    if not names:
        return graph

    def resolve(name: str) -> str:
        while name in names:
            name = names[name]
        return name

    return _substitute(graph, {name: resolve(name) for name in names})


def _substitute(graph: Graph, names: Mapping[str, str]) -> Graph:
    return replace(
        graph,
        nodes=tuple(_substitute_node(node, names) for node in graph.nodes),
        outputs=tuple(names.get(name, name) for name in graph.outputs),
    )


def _substitute_node(node: Node, names: Mapping[str, str]) -> Node:
    inputs = tuple(names.get(name, name) for name in node.inputs)
    changed = {key: _substitute(graph, names) for key, graph in node.subgraphs.items()}
    if inputs == node.inputs and not changed:
        return node
    return replace(node, inputs=inputs, attributes={**node.attributes, **changed})


def count_uses(graph: Graph) -> Counter[str]:
    """Count how often each value is read: by nodes, by outputs, in subgraphs too."""
    uses: Counter[str] = Counter(graph.outputs)
    for node in graph.nodes:
        uses.update(node.inputs)
        for subgraph in node.subgraphs.values():
            uses.update(count_uses(subgraph))
    return uses


def note_also(node: Node, *others: Node) -> Node:
    """Let a node stand for others too."""
    labels = (label for other in others for label in (other.label, *other.also))
    return replace(node, also=(*node.also, *labels))
