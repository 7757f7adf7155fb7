"""Functions of the model.

L1  A small constant argument, or any constant argument of the only call -> a constant inside.
L2  A function of one node, or none -> that node in place of the call.

What is left is a Python function; the calls that need the same one share it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..ir.graph import Graph, Node
from ..ir.types import ValueType, tensor_type_of
from .rewrite import note_also, substitute

SMALL = 64
"""How many elements a constant argument may have, if it is no weight: axes, a shape."""


def pass_constants_in(graph: Graph) -> Graph:
    """Let functions know the constants that they are called with (rule L1)."""
    calls = Counter(node.operator for node in graph.walk() if node.calls_function)
    types = dict(graph.types)
    found = _pass_in(graph, {}, calls, types)
    return replace(found, types=types)


def _pass_in(
    graph: Graph,
    outer: Mapping[str, np.ndarray],
    calls: Counter[str],
    types: dict[str, ValueType],
) -> Graph:
    visible = {**outer, **graph.constants} if outer else graph.constants
    nodes = []
    for node in graph.nodes:
        if node.calls_function:
            node = _specialised(node, visible, calls[node.operator] == 1, types)
        changed = {
            key: _pass_in(sub, visible, calls, types)
            for key, sub in node.subgraphs.items()
        }
        attributes = {**node.attributes, **changed}
        nodes.append(replace(node, attributes=attributes) if changed else node)
    return graph.with_nodes(tuple(nodes))


def _specialised(
    node: Node,
    constants: Mapping[str, np.ndarray],
    only_call: bool,
    types: dict[str, ValueType],
) -> Node:
    body = node.subgraphs["body"]
    kept, inside = [], {}
    for outer, inner in zip(node.inputs, body.inputs):
        array = constants.get(outer)
        if array is not None and (only_call or _is_small(array)):
            inside[inner] = array
            types[inner] = tensor_type_of(array)
        else:
            kept.append((outer, inner))
    if not inside:
        return node
    body = replace(
        body,
        inputs=tuple(inner for _, inner in kept),
        constants={**body.constants, **inside},
    )
    return replace(
        node,
        inputs=tuple(outer for outer, _ in kept),
        attributes={**node.attributes, "body": body},
    )


def _is_small(array: np.ndarray) -> bool:
    number = array.size == 1 or array.size <= SMALL and array.dtype.kind in "iub"
    return number and array.ndim <= 1


def dissolve_functions(graph: Graph) -> Graph:
    """Put the node of a function that has only one in place of its calls (rule L2)."""
    names: dict[str, str] = {}
    return substitute(_dissolve(graph, names), names)


def _dissolve(graph: Graph, names: dict[str, str]) -> Graph:
    nodes: list[Node] = []
    constants, folded = dict(graph.constants), dict(graph.folded)
    for node in graph.nodes:
        changed = {k: _dissolve(sub, names) for k, sub in node.subgraphs.items()}
        if changed:
            node = replace(node, attributes={**node.attributes, **changed})
        if not node.calls_function or len(node.subgraphs["body"].nodes) > 1:
            nodes.append(node)
            continue
        body = node.subgraphs["body"]
        names.update(zip(body.inputs, node.inputs))
        names.update((o, v) for o, v in zip(node.outputs, body.outputs) if o)
        scopes = (inner.scopes or node.scopes for inner in body.nodes)
        nodes.extend(
            replace(note_also(inner, node), scopes=scope)
            for inner, scope in zip(body.nodes, scopes)
        )
        constants.update(body.constants)
        folded.update(body.folded)
    return replace(graph, nodes=tuple(nodes), constants=constants, folded=folded)
