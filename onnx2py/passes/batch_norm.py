"""Batch normalisation at inference is a scale and a shift per channel.

B1  Conv -> BatchNormalization, both with constant parameters, the product read by nobody
    else -> Conv with other weights.
B2  ConvTranspose -> BatchNormalization, likewise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..ir.graph import Graph, Node
from ..ir.types import ValueType, tensor_type_of
from .rewrite import count_uses, note_also


def fold_batch_norm(graph: Graph) -> Graph:
    """Fold batch normalisations of the main graph into the convolutions before them."""
    uses = count_uses(graph)
    producers = {node.outputs[0]: node for node in graph.nodes if node.outputs}
    folder = _Folder(dict(graph.constants), dict(graph.types))
    changed: dict[int, Node] = {}
    dropped: set[int] = set()
    for norm in graph.nodes:
        conv = producers.get(norm.inputs[0]) if norm.inputs else None
        if conv is None or uses[norm.inputs[0]] != 1 or not folder.fits(conv, norm):
            continue
        changed[id(conv)] = folder.fold(conv, norm)
        dropped.add(id(norm))
    nodes = tuple(changed.get(id(n), n) for n in graph.nodes if id(n) not in dropped)
    return replace(graph, nodes=nodes, constants=folder.constants, types=folder.types)


@dataclass
class _Folder:
    constants: dict[str, np.ndarray]
    types: dict[str, ValueType]

    def fits(self, conv: Node, norm: Node) -> bool:
        if norm.operator != "BatchNormalization" or norm.domain or conv.domain:
            return False
        if conv.operator not in ("Conv", "ConvTranspose") or len(conv.outputs) != 1:
            return False
        if not _at_inference(norm) or len(norm.inputs) != 5:
            return False
        parameters = (*conv.inputs[1:], *norm.inputs[1:])
        arrays = [self.constants.get(name) for name in parameters if name]
        if any(
            array is None or array.dtype not in (np.float32, np.float64)
            for array in arrays
        ):
            return False
        return len({array.dtype for array in arrays if array is not None}) == 1

    def fold(self, conv: Node, norm: Node) -> Node:
        weight = self.constants[conv.inputs[1]]
        scale, shift, mean, var = (
            self.constants[name].astype(np.float64) for name in norm.inputs[1:]
        )
        bias_name = conv.inputs[2] if len(conv.inputs) > 2 else ""
        bias = (
            self.constants[bias_name].astype(np.float64)
            if bias_name
            else np.zeros_like(mean)
        )
        epsilon = norm.attributes.get("epsilon", 1e-5)
        factor = scale / np.sqrt(var + epsilon)  # type: ignore[operator]
        group = conv.attributes.get("group", 1)
        assert isinstance(group, int)
        folded = _scaled(weight.astype(np.float64), factor, group, conv.operator)
        base = norm.outputs[0]
        weight_name = self.add(f"{base}.weight", folded.astype(weight.dtype))
        moved = (bias - mean) * factor + shift
        bias_new = self.add(f"{base}.bias", moved.astype(weight.dtype))
        merged = replace(
            conv,
            inputs=(conv.inputs[0], weight_name, bias_new),
            outputs=(norm.outputs[0],),
        )
        return note_also(merged, norm)

    def add(self, name: str, array: np.ndarray) -> str:
        while name in self.constants or name in self.types:
            name += "_"
        self.constants[name], self.types[name] = array, tensor_type_of(array)
        return name


def _at_inference(norm: Node) -> bool:
    if any(norm.outputs[1:]) or norm.attributes.get("training_mode", 0):
        return False
    if norm.attributes.get("spatial", 1) != 1:
        return False
    return norm.version >= 7 or bool(norm.attributes.get("is_test", 0))


def _scaled(
    weight: np.ndarray, factor: np.ndarray, group: int, operator: str
) -> np.ndarray:
    """Scale the output channels: axis 0 of Conv's weight, axis 1 (per group) of ConvTranspose's."""
    if operator == "Conv":
        return np.asarray(weight * factor.reshape(-1, *[1] * (weight.ndim - 1)))
    grouped = weight.reshape(group, -1, *weight.shape[1:])
    shaped = factor.reshape(group, 1, -1, *[1] * (weight.ndim - 2))
    return np.asarray((grouped * shaped).reshape(weight.shape))
