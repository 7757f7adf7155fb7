"""Removal of values that are not read.

D1  A node none of whose outputs is read -> nothing.
D2  An output that is not read -> absent; it keeps its place where their number means something.
D3  A constant that is not read -> nothing.

Inputs remain: they are the model's signature.
"""

from __future__ import annotations

from dataclasses import replace

from ..ir.graph import Graph, Node
from ..traits.operators import operator_traits


def remove_dead_code(graph: Graph) -> Graph:
    """Remove values that are not read, in subgraphs too."""
    return _remove(graph, set(graph.outputs))


def _remove(graph: Graph, live: set[str]) -> Graph:
    """``live`` holds what is read; what this graph reads of outer values is added to it."""
    live.update(graph.outputs)
    kept: list[Node] = []
    for node in reversed(graph.nodes):
        if not any(name in live for name in node.outputs if name):
            continue
        live.update(name for name in node.inputs if name)
        changed = {key: _remove(sub, live) for key, sub in node.subgraphs.items()}
        outputs = _outputs(node, live, are_counted=bool(changed))
        kept.append(
            replace(
                node, outputs=tuple(outputs), attributes={**node.attributes, **changed}
            )
        )
    constants = {name: array for name, array in graph.constants.items() if name in live}
    return replace(graph, nodes=tuple(reversed(kept)), constants=constants)


def _outputs(node: Node, live: set[str], *, are_counted: bool) -> list[str]:
    """Return the outputs without those that are not read, where that changes nothing."""
    traits = operator_traits(node.domain, node.operator)
    if node.version < traits.trains_before:
        return list(node.outputs)
    outputs = [name if name in live else "" for name in node.outputs]
    while outputs and not outputs[-1] and not (are_counted or traits.counted):
        outputs.pop()
    return outputs
