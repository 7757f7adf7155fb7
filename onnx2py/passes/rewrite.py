"""What passes share: renaming values, counting who reads them, and a graph while it changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
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


class Draft:
    """A graph that is rewritten node by node, in order; its facts hold at every step.

    A rule never removes a node itself: it lets another node read something else, and what
    is no longer read then is dropped. So a rule that looks for a value that only one node
    reads counts the reads of the nodes as they are now.
    """

    def __init__(self, graph: Graph) -> None:
        self._uses = count_uses(graph)
        self._nodes: dict[int, Node] = {}
        self._places: dict[str, int] = {}
        self._next = 0

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes that were added and are still read, or were never read."""
        return tuple(self._nodes.values())

    def uses(self, name: str) -> int:
        """Return how often a value is read, by nodes still to come too."""
        return self._uses[name]

    def maker(self, name: str) -> Node | None:
        """Return the node so far that makes a value, None for an input or a dropped node."""
        place = self._places.get(name)
        return None if place is None else self._nodes[place]

    def add(self, nodes: Iterable[Node], *, instead_of: Node) -> None:
        """Add the nodes that take the place of one of the graph's, which may be itself."""
        nodes = tuple(nodes)
        for node in nodes:
            self._count(node, 1)
        self._release(instead_of)
        for node in nodes:
            self._nodes[self._next] = node
            self._places.update((name, self._next) for name in node.outputs if name)
            self._next += 1

    def _count(self, node: Node, change: int) -> None:
        for name in node.inputs:
            self._uses[name] += change
        for subgraph in node.subgraphs.values():
            for name, count in count_uses(subgraph).items():
                self._uses[name] += change * count

    def _release(self, node: Node) -> None:
        """Count a node's reads no longer; drop the nodes that then nothing reads."""
        waiting = [node]
        while waiting:
            gone = waiting.pop()
            self._count(gone, -1)
            makers = map(self.maker, dict.fromkeys(gone.inputs))
            for maker in filter(None, makers):
                if not any(self._uses[name] for name in maker.outputs):
                    for name in filter(None, maker.outputs):
                        place = self._places.pop(name)
                    del self._nodes[place]
                    waiting.append(maker)
