"""What is computed twice.

E1  A node that does what an earlier one of the same graph did, on the same values -> the earlier.

Small constants are the same if their numbers are. Exporters write the lengths of a tensor out again
wherever they need them. Random operators draw again, and stay; so does what makes an output of the
graph, which belongs to the caller alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..ir.graph import Graph, Node
from ..traits.operators import operator_traits
from .rewrite import note_also, note_dropped, substitute

MOST_NUMBERS = 16
"""Of a small constant."""


def remove_duplicates(graph: Graph) -> Graph:
    """Compute once what is computed several times (rule E1), in each subgraph by itself."""
    names: dict[str, str] = {}
    again: list[Node] = []
    single = _single(graph, names, graph.constants, again)
    return substitute(note_dropped(single, again), names)


def _single(
    graph: Graph,
    names: dict[str, str],
    constants: Mapping[str, np.ndarray],
    again: list[Node],
) -> Graph:
    constants = {**constants, **graph.constants} if graph.constants else constants
    first: dict[Any, int] = {}
    nodes: list[Node] = []
    kept = set(graph.outputs)
    for node in graph.nodes:
        node = replace(node, inputs=tuple(names.get(n, n) for n in node.inputs))
        key = _key(node, constants)
        if key in first and not kept.intersection(node.outputs):
            earlier = nodes[first[key]]
            names.update(zip(node.outputs, earlier.outputs))
            nodes[first[key]] = note_also(earlier, node)
            again.append(node)
            continue
        if key is not None:
            first.setdefault(key, len(nodes))
        nodes.append(_inside(node, names, constants, again))
    return graph.with_nodes(tuple(nodes))


def _inside(
    node: Node,
    names: dict[str, str],
    constants: Mapping[str, np.ndarray],
    again: list[Node],
) -> Node:
    changed = {
        key: _single(sub, names, constants, again)
        for key, sub in node.subgraphs.items()
    }
    if not changed:
        return node
    return replace(node, attributes={**node.attributes, **changed})


def _key(node: Node, constants: Mapping[str, np.ndarray]) -> Any:
    """Return a key that is equal for nodes that do the same, None if nothing is known."""
    # Attributes of other domains are long: trees, tables of words.
    if node.domain or not operator_traits("", node.operator).repeatable:
        return None
    attributes = tuple(sorted((k, _hashable(v)) for k, v in node.attributes.items()))
    wanted = tuple(bool(name) for name in node.outputs)
    inputs = tuple(_same_if_small(name, constants.get(name)) for name in node.inputs)
    return node.operator, node.version, inputs, attributes, wanted


def _same_if_small(name: str, constant: np.ndarray | None) -> Any:
    """Return a key of an input: the numbers of a small constant, or its name."""
    if constant is None or constant.size > MOST_NUMBERS or constant.dtype == object:
        return name
    return _hashable(constant)


def _hashable(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return repr(value.dtype), value.shape, value.tobytes()
    return repr(value)
