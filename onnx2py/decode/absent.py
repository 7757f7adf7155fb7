"""Branches that a call never takes, because an optional input is absent.

A function tests an optional input with ``OptionalHasElement`` and uses it in a branch of an
``If``. If a call omits the input, nodes of that branch lack inputs and are not valid ONNX.
The ``If`` is replaced by the nodes of the other branch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import onnx
from onnx import helper, numpy_helper

from ..ir.graph import new_name
from .walk import graphs_of


def take_decided_branches(graph: onnx.GraphProto) -> None:
    """Replace each ``If`` whose condition absent inputs determine by the branch taken."""
    graphs = list(graphs_of(graph))
    operators = {node.op_type for each in graphs for node in each.node}
    if {"OptionalHasElement", "If"} <= operators:
        taken = {name for each in graphs for name in _defined(each)}
        _take(graph, {}, taken)


def _defined(graph: onnx.GraphProto) -> set[str]:
    """Return the names that a graph itself gives to values."""
    names = {
        *(value.name for value in graph.input),
        *(tensor.name for tensor in graph.initializer),
        *(tensor.values.name for tensor in graph.sparse_initializer),
        *(name for node in graph.node for name in node.output),
    }
    return names - {""}


def _take(graph: onnx.GraphProto, outer: Mapping[str, bool], taken: set[str]) -> None:
    """Take the branches in a graph and its subgraphs; ``outer`` has the values around it."""
    own = _defined(graph)
    known = {name: value for name, value in outer.items() if name not in own}
    nodes: list[onnx.NodeProto] = []
    waiting = list(reversed(graph.node))
    while waiting:
        node = waiting.pop()
        decided = known.get(node.input[0]) if _is(node, "If") and node.input else None
        branch = _graphs(node).get("then_branch" if decided else "else_branch")
        if decided is not None and branch is not None:
            waiting.extend(reversed(_spliced(branch, node, graph, taken)))
            continue
        value = _value(node, known)
        if value is not None:
            known[node.output[0]] = value
        for subgraph in _graphs(node).values():
            _take(subgraph, known, taken)
        nodes.append(node)
    kept = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(kept)


def _value(node: onnx.NodeProto, known: Mapping[str, bool]) -> bool | None:
    """Return the result of a node that tests absent inputs, None if it is unknown."""
    given = [known.get(name) for name in node.input]
    if _is(node, "OptionalHasElement"):
        return None if any(node.input) else False
    if _is(node, "Identity") and given:
        return given[0]
    if _is(node, "Not") and given and given[0] is not None:
        return not given[0]
    for operator, deciding in (("And", False), ("Or", True)):
        if _is(node, operator) and deciding in given:
            return deciding
        if _is(node, operator) and given and None not in given:
            return not deciding
    if _is(node, "Constant"):
        return _constant(node)
    return None


def _constant(node: onnx.NodeProto) -> bool | None:
    for attribute in node.attribute:
        if attribute.name == "value" and attribute.t.data_type == onnx.TensorProto.BOOL:
            array = numpy_helper.to_array(attribute.t)
            return bool(array.item()) if array.size == 1 else None
    return None


def _is(node: onnx.NodeProto, operator: str) -> bool:
    return node.op_type == operator and not node.domain


def _graphs(node: onnx.NodeProto) -> dict[str, onnx.GraphProto]:
    return {a.name: a.g for a in node.attribute if a.HasField("g")}


def _spliced(
    branch: onnx.GraphProto,
    node: onnx.NodeProto,
    graph: onnx.GraphProto,
    taken: set[str],
) -> list[onnx.NodeProto]:
    """Return the nodes of a branch as nodes of ``graph``, which gets its constants."""
    made = {name for each in branch.node for name in each.output}
    names: dict[str, str] = {}
    copied = []
    for value, name in zip(branch.output, node.output):
        if name and value.name in made and value.name not in names:
            names[value.name] = name
        elif name:
            copied.append((value.name, name))
    for name in sorted(_defined(branch) - names.keys()):
        names[name] = new_name(name, taken)
        taken.add(names[name])
    moved = onnx.GraphProto()
    moved.CopyFrom(branch)
    _rename(moved, names)
    graph.initializer.extend(moved.initializer)
    graph.sparse_initializer.extend(moved.sparse_initializer)
    ends = [
        helper.make_node("Identity", [names.get(value, value)], [name], node.name)
        for value, name in copied
    ]
    return [*moved.node, *ends]


def _rename(graph: onnx.GraphProto, names: Mapping[str, str]) -> None:
    """Rename values where a graph or its subgraphs define or read them."""
    values: list[Any] = [*graph.initializer, *graph.output]
    for value in (*values, *(tensor.values for tensor in graph.sparse_initializer)):
        value.name = names.get(value.name, value.name)
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
        for inner in _graphs(node).values():
            hidden = _defined(inner)
            _rename(inner, {k: v for k, v in names.items() if k not in hidden})
