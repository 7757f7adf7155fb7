"""Is a graph valid? Every value defined once, before it is read."""

from __future__ import annotations

from ..errors import InternalError
from .graph import Graph


def check(graph: Graph, after: str) -> None:
    """Check a graph and its subgraphs.

    Raises
    ------
    InternalError
        Naming the value and the pass that ``after`` says.
    """
    _check(graph, set(), after)


def _check(graph: Graph, outer: set[str], after: str) -> None:
    # One set for all scopes, taken back at the end: copying it would be quadratic.
    added: list[str] = []

    def define(name: str) -> None:
        if name in outer:
            raise InternalError(f"after {after}: {name!r} is defined twice")
        outer.add(name)
        added.append(name)

    for name in {*graph.inputs, *graph.constants, *graph.defaults}:
        define(name)
    for node in graph.nodes:
        for name in node.inputs:
            if name and name not in outer:
                raise InternalError(
                    f"after {after}: {node.label} reads {name!r}, which is undefined"
                )
        for subgraph in node.subgraphs.values():
            _check(subgraph, outer, after)
        for name in node.outputs:
            if name:
                define(name)
    for name in graph.outputs:
        if name not in outer:
            raise InternalError(f"after {after}: output {name!r} is undefined")
    outer.difference_update(added)
