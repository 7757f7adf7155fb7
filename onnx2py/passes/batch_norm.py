"""Batch normalization at inference is a scale and a shift per channel.

B1  Conv -> BatchNormalization, both with constant parameters, the product not read
    elsewhere -> Conv with other weights.
B2  ConvTranspose -> BatchNormalization, likewise.
B3  Conv or ConvTranspose -> Add, Sub, Mul or Div of a constant per channel, likewise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

import numpy as np

from ..ir.graph import Graph, Node
from ..ir.types import ValueType, tensor_type_of
from .rewrite import count_uses, note_also


def fold_batch_norm(graph: Graph) -> Graph:
    """Fold scales and shifts of the main graph into the convolutions before them."""
    while (folded := _folded_once(graph)) is not graph:
        graph = folded
    return graph


def _folded_once(graph: Graph) -> Graph:
    uses = count_uses(graph)
    producers = {node.outputs[0]: node for node in graph.nodes if node.outputs}
    folder = _Folder(dict(graph.constants), dict(graph.types))
    changed: dict[int, Node] = {}
    dropped: set[int] = set()
    for norm in graph.nodes:
        name = next((n for n in norm.inputs if n in producers), "")
        conv = producers.get(name)
        if conv is None or uses[name] != 1 or id(conv) in dropped:
            continue
        if folder.fits(conv, norm):
            factor, shift = folder.of_norm(norm)
        elif folder.fits_constant(conv, norm, name):
            factor, shift = folder.of_constant(conv, norm, name)
        else:
            continue
        changed[id(conv)] = folder.fold(conv, norm, factor, shift)
        dropped.add(id(norm))
    if not dropped:
        return graph
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

    def fits_constant(self, conv: Node, other: Node, name: str) -> bool:
        """B3: whether the second operand is a constant, one number per channel."""
        if other.operator not in ("Add", "Sub", "Mul", "Div") or other.domain:
            return False
        if conv.operator not in ("Conv", "ConvTranspose") or conv.domain:
            return False
        if other.version < 7 or len(conv.outputs) != 1 or other.inputs.count(name) != 1:
            return False
        if other.inputs[0] != name and other.operator in ("Sub", "Div"):
            return False
        constant = self.constants.get(_other(other, name))
        parameters = [self.constants.get(n) for n in conv.inputs[1:] if n]
        arrays = [constant, *parameters]
        if any(a is None or a.dtype not in (np.float32, np.float64) for a in arrays):
            return False
        if constant is None or not parameters or parameters[0] is None:
            return False
        if not np.isfinite(constant).all() or (
            other.operator == "Div" and 0 in constant
        ):
            return False
        if len({a.dtype for a in arrays if a is not None}) != 1:
            return False
        rank = parameters[0].ndim
        shape = (1,) * (rank - constant.ndim) + constant.shape
        count = _channels(conv, parameters[0])
        return len(shape) == rank and shape[1] in (1, count) and prod(shape) == shape[1]

    def of_constant(
        self, conv: Node, other: Node, name: str
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the factor and what is added then, per channel."""
        constant = self.constants[_other(other, name)].astype(np.float64).reshape(-1)
        count = _channels(conv, self.constants[conv.inputs[1]])
        numbers = np.broadcast_to(constant, count)
        if other.operator in ("Add", "Sub"):
            return np.ones(count), numbers if other.operator == "Add" else -numbers
        return numbers if other.operator == "Mul" else 1 / numbers, np.zeros(count)

    def of_norm(self, norm: Node) -> tuple[np.ndarray, np.ndarray]:
        """Return the factor and what is added then, per channel."""
        scale, shift, mean, var = (
            self.constants[name].astype(np.float64) for name in norm.inputs[1:]
        )
        epsilon = norm.attributes.get("epsilon", 1e-5)
        factor = scale / np.sqrt(var + epsilon)  # type: ignore[operator]
        return factor, shift - mean * factor

    def fold(
        self, conv: Node, norm: Node, factor: np.ndarray, shift: np.ndarray
    ) -> Node:
        """Return the convolution with weights that scale and shift."""
        weight = self.constants[conv.inputs[1]]
        bias_name = conv.inputs[2] if len(conv.inputs) > 2 else ""
        bias = (
            self.constants[bias_name].astype(np.float64)
            if bias_name
            else np.zeros(len(factor))
        )
        group = conv.attributes.get("group", 1)
        assert isinstance(group, int)
        folded = _scaled(weight.astype(np.float64), factor, group, conv.operator)
        base = norm.outputs[0]
        weight_name = self.add(f"{base}.weight", folded.astype(weight.dtype))
        moved = bias * factor + shift
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


def _other(node: Node, name: str) -> str:
    """Return the operand that is not called ``name``."""
    found = [n for n in node.inputs if n != name]
    return found[0] if len(found) == 1 else ""


def _channels(conv: Node, weight: np.ndarray) -> int:
    """Return how many channels a convolution makes."""
    if conv.operator == "Conv" or weight.ndim < 2:
        return len(weight)
    group = conv.attributes.get("group", 1)
    assert isinstance(group, int)
    return int(weight.shape[1]) * group


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
