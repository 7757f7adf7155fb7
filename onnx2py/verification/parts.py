"""Parts of a model that compute some of its values from others, and nothing else.

A large model is compared call by call in such parts: what all of its calls make takes gigabytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import onnx  # noqa: TID251  (an oracle is not part of the compiler)
from onnx import helper  # noqa: TID251

from .noise import COMPUTED, captured

PART_BYTES = 256 << 20
"""How much of what its calls make a part may have."""


def groups(
    names: Sequence[str], values: Mapping[str, np.ndarray]
) -> Iterator[list[str]]:
    """Yield the names in order, as many at a time as may be compared together."""
    group: list[str] = []
    size = 0
    for name in names:
        if group and size + values[name].nbytes > PART_BYTES:
            yield group
            group, size = [], 0
        group.append(name)
        size += values[name].nbytes
    if group:
        yield group


class Parts:
    """Cuts a model where values are given."""

    def __init__(
        self, proto: onnx.ModelProto, values: Mapping[str, np.ndarray]
    ) -> None:
        self.proto, self.values = proto, values
        self.makers = {
            name: i for i, node in enumerate(proto.graph.node) for name in node.output
        }
        self.stored = {tensor.name: tensor for tensor in proto.graph.initializer}
        self.inputs = {value.name: value for value in proto.graph.input}
        self.made = [
            name
            for node in proto.graph.node
            for name in node.output
            if name and name in values
        ]
        """The given values that nodes make, in their order."""

    def part(self, targets: Sequence[str]) -> onnx.ModelProto:
        """Return a model that computes ``targets``, ``;computed``, from the given values."""
        nodes, read = self._needed(targets)
        part = onnx.ModelProto()
        part.ir_version = self.proto.ir_version
        part.opset_import.extend(self.proto.opset_import)
        part.functions.extend(self.proto.functions)
        graph = part.graph
        graph.name = self.proto.graph.name or "part"
        for i in nodes:
            node = graph.node.add()
            node.CopyFrom(self.proto.graph.node[i])
            for place, name in enumerate(node.output):
                if name in self.values:
                    node.output[place] = name + COMPUTED
        graph.initializer.extend(self.stored[n] for n in read if n in self.stored)
        sparse = self.proto.graph.sparse_initializer
        graph.sparse_initializer.extend(t for t in sparse if t.values.name in read)
        for name in read:
            if name in self.values and name in self.makers:
                graph.input.append(_declared(name, self.values[name]))
            elif name in self.inputs:
                graph.input.append(self.inputs[name])
        graph.output.extend(onnx.ValueInfoProto(name=n + COMPUTED) for n in targets)
        return part

    def _needed(self, targets: Sequence[str]) -> tuple[list[int], list[str]]:
        """Return the nodes that targets take, and the values that these read."""
        nodes: set[int] = set()
        read: dict[str, None] = {}
        open_names = list(targets)
        while open_names:
            i = self.makers[open_names.pop()]
            if i in nodes:
                continue
            nodes.add(i)
            node = self.proto.graph.node[i]
            for name in (*node.input, *captured(node)):
                read[name] = None
                if name in self.makers and name not in self.values:
                    open_names.append(name)
        return sorted(nodes), sorted(read)


def _declared(name: str, array: np.ndarray) -> onnx.ValueInfoProto:
    text = array.dtype.kind in "OU"
    element = (
        onnx.TensorProto.STRING
        if text
        else helper.np_dtype_to_tensor_dtype(array.dtype)
    )
    return helper.make_tensor_value_info(name, element, [None] * array.ndim)
