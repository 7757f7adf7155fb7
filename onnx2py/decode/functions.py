"""Model-local functions: each call becomes a node with the function's graph in it.

The graph is decoded again for each call, with the types of its arguments, the attributes that
it passes and the optional inputs that it omits. Small constant arguments (axes, shapes, single
numbers) become constants of the graph, because rules need to know them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import numpy_helper

from ..ir.types import ValueType
from .absent import take_decided_branches
from .types import type_proto
from .walk import nodes_of

Key = tuple[str, str, str]
"""Domain, name and overload."""

SMALL = 64
"""Maximum number of elements of constant arguments that are copied into the function."""


class Functions:
    """The functions of a model."""

    def __init__(self, proto: onnx.ModelProto) -> None:
        self.protos: dict[Key, onnx.FunctionProto] = {
            (f.domain, f.name, f.overload): f for f in proto.functions
        }

    def called_by(self, node: onnx.NodeProto) -> onnx.FunctionProto | None:
        """Return the function that a node calls, None if it is an operator."""
        return self.protos.get((node.domain, node.op_type, node.overload))


@dataclass(frozen=True)
class Argument:
    """The argument of a call for one input of a function."""

    name: str
    """The function's name for it."""
    type: ValueType | None = None
    constant: np.ndarray | None = None


def is_small(array: np.ndarray) -> bool:
    """Return whether a constant argument becomes part of the function."""
    return (
        array.size == 1 or array.size <= SMALL and array.dtype.kind in "iub"
    ) and array.ndim <= 1


def called_model(
    function: onnx.FunctionProto,
    call: onnx.NodeProto,
    arguments: Iterable[Argument],
    functions: Iterable[onnx.FunctionProto],
) -> onnx.ModelProto:
    """Return a model of a call, whose inputs are the arguments given."""
    given = list(arguments)
    graph = onnx.GraphProto(name=function.name, node=function.node)
    for argument in given:
        if argument.constant is not None:
            tensor = numpy_helper.from_array(
                np.asarray(argument.constant), argument.name
            )
            graph.initializer.append(tensor)
        else:
            kind = type_proto(argument.type) if argument.type else None
            graph.input.append(onnx.ValueInfoProto(name=argument.name, type=kind))
    for name in function.output:
        graph.output.append(onnx.ValueInfoProto(name=name))
    absent = set(function.input) - {argument.name for argument in given}
    attributes = {a.name: a for a in (*function.attribute_proto, *call.attribute)}
    for node in nodes_of(graph):
        _resolve_attributes(node, attributes)
        node.input[:] = ["" if name in absent else name for name in node.input]
    if absent:
        take_decided_branches(graph)
    return onnx.ModelProto(
        ir_version=10,
        graph=graph,
        opset_import=function.opset_import,
        functions=functions,
    )


def _resolve_attributes(
    node: onnx.NodeProto, attributes: Mapping[str, onnx.AttributeProto]
) -> None:
    """Replace references to attributes of the function by the values that the call passes."""
    if not any(attribute.ref_attr_name for attribute in node.attribute):
        return
    resolved = []
    for attribute in node.attribute:
        if not attribute.ref_attr_name:
            resolved.append(attribute)
        elif attribute.ref_attr_name in attributes:
            value = onnx.AttributeProto()
            value.CopyFrom(attributes[attribute.ref_attr_name])
            value.name = attribute.name
            resolved.append(value)
        # otherwise it is optional and absent
    kept = [onnx.AttributeProto.FromString(a.SerializeToString()) for a in resolved]
    del node.attribute[:]
    node.attribute.extend(kept)


def small_constants(
    nodes: Iterable[onnx.NodeProto],
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the values of Constant nodes that can become part of a function."""
    for node in nodes:
        if node.op_type == "Constant" and not node.domain and len(node.output) == 1:
            for attribute in node.attribute:
                if attribute.name == "value" and attribute.HasField("t"):
                    size = int(np.prod(attribute.t.dims, dtype=object))
                    if size <= SMALL and not attribute.t.external_data:
                        try:
                            array = numpy_helper.to_array(attribute.t)
                        except (ValueError, TypeError, KeyError):
                            continue  # the decoder reports the error
                        if is_small(array):
                            yield node.output[0], array
