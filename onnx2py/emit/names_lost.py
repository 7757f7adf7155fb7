"""Where nodes and values of the file are that no line of ``model.py`` is called after."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..ir.graph import Graph, Node, onnx_name


@dataclass
class Lost:
    """What became of a graph: a node is in the line that computes it, else in one that reads it."""

    graph: Graph
    labels: Mapping[str, str]
    """The path of the line that stands for each node, by its label."""
    values: Mapping[str, str]
    """The path of each value and weight that has a name of its own in Python."""
    places: dict[int, str] = field(default_factory=dict)
    """The path of each node, by its identity."""

    def __post_init__(self) -> None:
        self.readers: dict[str, list[Node]] = defaultdict(list)
        nodes = [*self.graph.walk()]
        for node in nodes:
            for name in node.inputs:
                self.readers[name].append(node)
            for graph in node.subgraphs.values():
                for name in graph.outputs:
                    self.readers[name].append(node)
        before = -1
        while before < len(
            self.places
        ):  # those of bodies come before the node around them
            before = len(self.places)
            for node in reversed(nodes):
                path = self._place(node)
                if path:
                    self.places[id(node)] = path
        self.nodes = nodes

    def _place(self, node: Node) -> str:
        if node.label in self.labels:
            return self.labels[node.label]
        for name in node.outputs:
            if onnx_name(name) in self.values:
                return self.values[onnx_name(name)]
        return next(filter(None, map(self._read, node.outputs)), "")

    def _read(self, value: str) -> str:
        """Return the path of a line that reads a value."""
        found = (self.places.get(id(node), "") for node in self.readers.get(value, ()))
        return next(filter(None, found), "")

    def folded(self) -> Iterator[tuple[str, str]]:
        """Yield the nodes that no line is known to stand for, each with its path or ''."""
        for node in self.nodes:
            if node.label not in self.labels:
                yield node.label, self.places.get(id(node), "")

    def inner(self) -> Iterator[tuple[str, str]]:
        """Yield the values without a name in Python, each with its path or ''.

        Those that are called after their node are left out.
        """
        for node in self.nodes:
            for name in map(onnx_name, filter(None, node.outputs)):
                if name not in self.values and not is_called_after(name, node):
                    yield name, self.places.get(id(node), "")
        bodies = [(node, g) for node in self.nodes for g in node.subgraphs.values()]
        for owner, graph in (*bodies, (None, self.graph)):
            parameters = graph.inputs if owner is not None else ()
            around = self.places.get(id(owner), "")
            for name in (*parameters, *graph.constants, *graph.defaults):
                if onnx_name(name) not in self.values:
                    yield onnx_name(name), self._read(name) or around


def is_called_after(value: str, node: Node) -> bool:
    """Return whether the name of a value says which node makes it."""
    name = node.label.rpartition(": ")[0]
    return name in (re.sub(r"_output_\d+$", "", value), f"node_{value}")
