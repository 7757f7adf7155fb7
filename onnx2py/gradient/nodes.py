"""The pass: each ``Gradient`` node becomes the nodes that compute it.

G1  Gradient -> the derivatives of the nodes from its variables to its result. Where it is
    taken at other values than those that the graph computes, the nodes are copied.

A node that cannot be differentiated stays, with the reasons: its lowering reports them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..errors import counted
from ..ir.graph import Graph, Node, onnx_name
from ..ir.order import sorted_nodes
from ..ir.types import ValueType
from .reverse import Reverse, reads_of, renamed
from .tape import NoDerivative, Tape

DOMAIN = "ai.onnx.preview.training"
REASONS = "reasons"
"""The attribute that a node gets that cannot be differentiated."""


def differentiate(graph: Graph) -> Graph:
    """Replace the ``Gradient`` nodes of a graph and its subgraphs (rule G1)."""
    if not any(map(_is_gradient, graph.walk())):
        return graph
    types = dict(graph.types)
    worker = _Differentiation(types, _names(graph))
    return replace(worker.graph(graph, {}, graph.defaults), types=types)


def _is_gradient(node: Node) -> bool:
    known = REASONS in node.attributes
    return node.operator == "Gradient" and node.domain == DOMAIN and not known


def _names(graph: Graph) -> set[str]:
    names = {*graph.inputs, *graph.constants, *graph.defaults, *graph.types}
    for node in graph.nodes:
        names.update(node.outputs)
        for subgraph in node.subgraphs.values():
            names |= _names(subgraph)
    return names


@dataclass
class _Differentiation:
    types: dict[str, ValueType]
    taken: set[str]

    def graph(
        self, graph: Graph, outer: Mapping[str, Node], visible: Mapping[str, np.ndarray]
    ) -> Graph:
        constants = {**visible, **graph.constants}
        nodes = list(graph.nodes)
        added = dict(graph.constants)
        while True:
            producers = {**outer, **_producers(nodes)}
            index = self.next(nodes, producers)
            if index is None:
                break
            tape = Tape(self.types, constants, self.taken)
            nodes[index : index + 1] = self.nodes(nodes[index], producers, tape)
            used = {name for node in nodes for name in reads_of(node)}
            added.update((k, v) for k, v in tape.added.items() if k in used)
        producers = {**outer, **_producers(nodes)}
        for i, node in enumerate(nodes):
            changed = {
                key: self.graph(sub, producers, constants)
                for key, sub in node.subgraphs.items()
            }
            if changed:
                nodes[i] = replace(node, attributes={**node.attributes, **changed})
        return replace(graph, nodes=sorted_nodes(nodes), constants=added)

    def next(self, nodes: list[Node], producers: Mapping[str, Node]) -> int | None:
        """Return a ``Gradient`` whose result depends on no other that is still to be done."""
        waiting = [i for i, node in enumerate(nodes) if _is_gradient(node)]
        for index in waiting:
            path = _path(*_ends(nodes[index]), producers)
            if not any(map(_is_gradient, path)):
                return index
        return waiting[0] if waiting else None

    def nodes(
        self, node: Node, producers: Mapping[str, Node], tape: Tape
    ) -> list[Node]:
        """Return the nodes in place of one ``Gradient``."""
        result, stops = _ends(node)
        xs = node.attributes.get("xs", ())
        assert isinstance(xs, tuple)
        problems = _complaints(node, result, stops, self.taken)
        if not problems:
            try:
                return self.reversed(node, result, stops, len(xs), producers, tape)
            except _Problems as found:
                problems = found.reasons
        tape.added.clear()
        attributes = {**node.attributes, REASONS: tuple(problems)}
        return [replace(node, attributes=attributes)]

    def reversed(
        self,
        node: Node,
        result: str,
        stops: tuple[str, ...],
        count: int,
        producers: Mapping[str, Node],
        tape: Tape,
    ) -> list[Node]:
        path = _path(result, stops, producers)
        if any(map(_is_gradient, path)):
            raise _Problems(["it differentiates itself"])
        tape.title = node.name or "Gradient"
        names = {s: given for s, given in zip(stops, node.inputs) if s != given}
        path = _at_other_values(path, names, tape)
        variables = [names.get(name, name) for name in stops[:count]]
        result = names.get(result, result)
        reverse = Reverse(tape, variables)
        outputs = {}
        try:
            reverse.run(path, result)
            for output, variable in zip(node.outputs, variables):
                if output:
                    outputs[output] = reverse.gradient(variable).name
        except NoDerivative as problem:
            reverse.problems[problem.what] = None
        if reverse.problems:
            raise _Problems(list(reverse.problems))
        return _finished(tape, outputs)


class _Problems(Exception):
    def __init__(self, reasons: list[str]) -> None:
        super().__init__()
        self.reasons = reasons


def _ends(node: Node) -> tuple[str, tuple[str, ...]]:
    """Return the name of the result, and those of the variables, ``xs`` before ``zs``."""
    attributes = node.attributes
    variables: list[str] = []
    for key in ("xs", "zs"):
        names = attributes.get(key, ())
        variables += names if isinstance(names, tuple) else ()
    return str(attributes.get("y", "")), tuple(variables)


def _complaints(
    node: Node, result: str, stops: tuple[str, ...], known: set[str]
) -> list[str]:
    found = []
    if len(node.inputs) != len(stops):
        found.append(
            f"attributes xs and zs: expected {counted(len(node.inputs), 'name')}, "
            f"one for each input, got {len(stops)}"
        )
    found += [
        f"input {index}: expected a value, got none"
        for index, name in enumerate(node.inputs)
        if not name
    ]
    found += [
        f"attribute {key}: {onnx_name(name)!r}: nothing in the graph defines it"
        for key, name in (("y", result), *(("xs or zs", name) for name in stops))
        if name not in known
    ]
    return found


def _producers(nodes: Iterable[Node]) -> dict[str, Node]:
    return {name: node for node in nodes for name in node.outputs if name}


def _path(
    result: str, stops: tuple[str, ...], producers: Mapping[str, Node]
) -> list[Node]:
    """Return the nodes that ``result`` depends on, in order, no further than ``stops``."""
    order: list[Node] = []
    done = set(stops)
    stack = [(result, False)]
    while stack:
        name, seen = stack.pop()
        node = producers.get(name)
        if node is None or name in done:
            continue
        if seen:
            order.append(node)
            done.update(node.outputs)
            continue
        stack.append((name, True))
        stack.extend((read, False) for read in reads_of(node) if read not in done)
    return order


def _at_other_values(path: list[Node], names: dict[str, str], tape: Tape) -> list[Node]:
    """Copy the nodes that depend on a variable which another value stands for."""
    if not names:
        return path
    types = Graph("", (), (), (), types=dict(tape.types))
    found = []
    for node in path:
        if any(name in names for name in reads_of(node)):
            node = renamed(node, names, tape, types)
            tape.nodes.append(node)
        found.append(node)
    return found


def _finished(tape: Tape, outputs: Mapping[str, str]) -> list[Node]:
    """Keep the nodes that are needed, and let the gradients have the names they should."""
    needed = set(outputs.values())
    kept: list[Node] = []
    for node in reversed(tape.nodes):
        if any(name in needed for name in node.outputs):
            kept.append(node)
            needed.update(reads_of(node))
    made = {name for node in kept for name in node.outputs}
    names: dict[str, str] = {}
    copies = []
    for output, value in outputs.items():
        kind = tape.types.get(value)
        if kind is not None:
            tape.types.setdefault(output, kind)
        if value in made and value not in names:
            names[value] = output
        else:
            copies.append((value, output))
    substituted = [_called(node, names) for node in reversed(kept)]
    return substituted + [
        Node("Identity", (names.get(v, v),), (o,), {}, tape.title, "", 21)
        for v, o in copies
    ]


def _called(node: Node, names: Mapping[str, str]) -> Node:
    def of(values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(names.get(name, name) for name in values)

    return replace(node, inputs=of(node.inputs), outputs=of(node.outputs))
