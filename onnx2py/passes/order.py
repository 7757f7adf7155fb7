"""Nodes that change places, so that the second one has less to do.

O1  MaxPool of a Relu, LeakyRelu or Clip that never falls, and that has no other reader -> of its
    operand, and the Relu of that: the largest element is the same one. NaN stays NaN in both.

A window that sees padding alone would be another matter: its result is minus infinity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..ir.graph import Graph, Node, new_name, onnx_name
from ..ir.types import TensorType, ValueType
from .rewrite import count_uses


def pool_before_activation(graph: Graph) -> Graph:
    """Apply rule O1 to the main graph."""
    uses = count_uses(graph)
    makers = {node.outputs[0]: node for node in graph.nodes if len(node.outputs) == 1}
    types = dict(graph.types)
    changed: dict[int, tuple[Node, ...]] = {}
    for pool in graph.nodes:
        activation = makers.get(pool.inputs[0]) if pool.inputs else None
        if activation is None or uses[pool.inputs[0]] != 1:
            continue
        if not _never_falls(activation, graph.constants) or not _sees(pool, types):
            continue
        (result,), source = pool.outputs[:1], activation.inputs[0]
        # Another value than ONNX's, so under another name: its activation comes later.
        before = f"{onnx_name(pool.inputs[0])}_pooled"
        name = new_name(before, types, graph.constants)
        if result in types:
            types[name] = types[result]
        first = replace(pool, inputs=(source,), outputs=(name,))
        rest = (name, *activation.inputs[1:])
        changed[id(activation)] = ()
        changed[id(pool)] = (first, replace(activation, inputs=rest, outputs=(result,)))
    if not changed:
        return graph
    nodes = (new for node in graph.nodes for new in changed.get(id(node), (node,)))
    return replace(graph, nodes=tuple(nodes), types=types)


def _never_falls(node: Node, constants: Mapping[str, np.ndarray]) -> bool:
    """Whether a node is a function of one tensor that keeps the order of all numbers."""
    if node.domain:
        return False
    if node.operator == "LeakyRelu":
        alpha = node.attributes.get("alpha", 0.01)
        return isinstance(alpha, (int, float)) and alpha >= 0
    if node.operator == "Clip":
        return all(not name or name in constants for name in node.inputs[1:])
    return node.operator == "Relu"


def _sees(pool: Node, types: Mapping[str, ValueType]) -> bool:
    """Whether a node is a MaxPool whose windows all see an element that is no padding."""
    if pool.operator != "MaxPool" or pool.domain or any(pool.outputs[1:]):
        return False
    kernel, pads, dilations = (
        tuple(_ints(pool, name)) for name in ("kernel_shape", "pads", "dilations")
    )
    if any(dilation != 1 for dilation in dilations):
        return False
    if any(pad >= length for pad, length in zip(pads, kernel + kernel)):
        return False
    kind = types.get(pool.inputs[0])
    shape = kind.static_shape if isinstance(kind, TensorType) else None
    return not any(pads) or bool(shape and 0 not in shape)


def _ints(node: Node, name: str) -> tuple[int, ...]:
    value = node.attributes.get(name, ())
    return tuple(int(v) for v in value) if isinstance(value, (tuple, list)) else ()
