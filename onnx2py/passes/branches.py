"""``If`` nodes whose condition is known.

I1  If with a constant condition -> the nodes of the branch that is taken.

What lies behind a branch may decide the next one: its type is known once it is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..ir.graph import Graph, Node
from .fold import fold_constants
from .no_ops import remove_no_ops
from .rewrite import substitute


def settle_branches(graph: Graph) -> Graph:
    """Take branches and fold what they decide, until no other ``If`` is decided."""
    while True:
        taken = take_constant_branches(graph)
        if _count(taken) == _count(graph):
            return graph
        graph = fold_constants(remove_no_ops(taken))


def _count(graph: Graph) -> int:
    return sum(node.operator == "If" for node in graph.walk())


def take_constant_branches(graph: Graph) -> Graph:
    """Replace decided ``If`` nodes by the branch taken, in subgraphs too."""
    return _take(graph, {})


def _take(graph: Graph, outer: Mapping[str, np.ndarray]) -> Graph:
    constants = dict(graph.constants)
    visible = {**outer, **constants}
    folded = dict(graph.folded)
    nodes: list[Node] = []
    names: dict[str, str] = {}
    for node in graph.nodes:
        condition = (
            visible.get(node.inputs[0])
            if node.operator == "If" and node.inputs
            else None
        )
        branch = None
        if condition is not None and condition.size == 1:
            name = "then_branch" if condition.item() else "else_branch"
            branch = node.attributes.get(name)
        if not isinstance(branch, Graph) or len(branch.outputs) < len(node.outputs):
            changed = {key: _take(sub, visible) for key, sub in node.subgraphs.items()}
            nodes.append(
                replace(node, attributes={**node.attributes, **changed})
                if changed
                else node
            )
            continue
        branch = _take(branch, visible)
        nodes.extend(branch.nodes)
        constants.update(branch.constants)
        visible.update(branch.constants)
        folded.update(branch.folded)
        names.update((o, v) for o, v in zip(node.outputs, branch.outputs) if o)
    taken = replace(graph, nodes=tuple(nodes), constants=constants, folded=folded)
    return substitute(taken, names)
