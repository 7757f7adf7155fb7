"""What passes share: renaming values, counting who reads them, and a graph while it changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

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


def note_dropped(graph: Graph, nodes: Iterable[Node]) -> Graph:
    """Note that nodes which others stand for compute nothing themselves."""
    labels = (label for node in nodes for label in (node.label, *node.also))
    return replace(graph, dropped=graph.dropped.union(labels))


def note_also(node: Node, *others: Node) -> Node:
    """Let a node stand for others too."""
    labels = (label for other in others for label in (other.label, *other.also))
    return replace(node, also=(*node.also, *labels))


def slice_bounds(
    node: Node, constants: Mapping[str, np.ndarray]
) -> tuple[list[int], ...] | None:
    """Return starts, ends, axes and steps of Slice, the latter two empty where not given."""
    if node.version < 10:
        given: list[Any] = [
            node.attributes.get(k, ()) for k in ("starts", "ends", "axes")
        ]
        return *map(list, given), []
    names = (*node.inputs[1:], "", "")[:4]
    if any(name and name not in constants for name in names):
        return None
    return tuple(
        [int(n) for n in constants[name].reshape(-1)] if name else [] for name in names
    )


class Draft:
    """A graph that is rewritten node by node, in order; its facts hold at every step.

    A rule never removes a node: it lets another node read something else. What is not read
    any longer does not count as a reader either, and is left out at the end, unless a later
    node reads it again. So a rule that looks for a value that only one node reads counts
    the reads of the nodes as they are now.
    """

    def __init__(self, graph: Graph) -> None:
        self._uses = count_uses(graph)
        self._nodes: list[Node] = []
        self._places: dict[str, int] = {}
        self._unread: set[int] = set()

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes that were added, but for those that are not read any longer."""
        return tuple(n for i, n in enumerate(self._nodes) if i not in self._unread)

    def uses(self, name: str) -> int:
        """Return how often a value is read, by nodes still to come too."""
        return self._uses[name]

    def maker(self, name: str) -> Node | None:
        """Return the node so far that makes a value, None for an input."""
        place = self._places.get(name)
        return None if place is None else self._nodes[place]

    def add(self, nodes: Iterable[Node], *, instead_of: Node) -> None:
        """Add the nodes that take the place of one of the graph's, which may be itself."""
        nodes = tuple(nodes)
        for node in nodes:
            self._read(node)
        self._forget(instead_of)
        for node in nodes:
            self._places.update(
                (name, len(self._nodes)) for name in node.outputs if name
            )
            self._nodes.append(node)

    def _read(self, node: Node) -> None:
        """Count a node's reads, and those of the nodes that are read again."""
        waiting = [node]
        while waiting:
            for name, count in _reads(waiting.pop()).items():
                self._uses[name] += count
                place = self._places.get(name)
                if place in self._unread:
                    self._unread.remove(place)
                    waiting.append(self._nodes[place])

    def _forget(self, node: Node) -> None:
        """Count a node's reads no longer, nor those of nodes that nothing reads then."""
        waiting = [node]
        while waiting:
            for name, count in _reads(waiting.pop()).items():
                self._uses[name] -= count
                place = self._places.get(name)
                if place is None or place in self._unread:
                    continue
                maker = self._nodes[place]
                if not any(self._uses[output] for output in maker.outputs if output):
                    self._unread.add(place)
                    waiting.append(maker)


def _reads(node: Node) -> Counter[str]:
    """Count what a node reads, in subgraphs too."""
    reads = Counter(name for name in node.inputs if name)
    for subgraph in node.subgraphs.values():
        reads.update(count_uses(subgraph))
    return reads
