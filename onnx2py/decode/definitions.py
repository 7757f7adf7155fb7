"""ONNX's definitions: the types of a node's outputs, and the function that defines it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper, shape_inference

from ..errors import Onnx2pyError
from ..ir.graph import Graph, Node
from ..ir.types import ValueType
from ..load import load
from ..traits.operators import operator_traits
from . import decode
from .functions import Argument, called_model
from .limits import MAX_RANK
from .symbols import symbols_of, without_made_up
from .types import proto_type, type_proto

SMALL = 1024
"""Maximum number of elements of constants passed to inference."""


def output_types(
    node: Node, types: Mapping[str, ValueType], constants: Mapping[str, np.ndarray]
) -> dict[str, ValueType]:
    """Infer the types of a node's outputs, as far as possible."""
    schema, proto = _schema(node), _proto(node)
    if schema is None or proto is None or _is_dangerous(node, types):
        return {}
    known = {name: type_proto(types[name]) for name in node.inputs if name in types}
    data = {
        name: numpy_helper.from_array(np.ascontiguousarray(constants[name]), name)
        for name in node.inputs
        if name in constants and constants[name].size <= SMALL
    }
    opsets = [helper.make_opsetid(node.domain, node.version)]
    try:
        found = shape_inference.infer_node_outputs(
            schema, proto, known, data, None, opsets
        )
    except Exception:  # inference is optional
        return {}
    read = [types[name] for name in node.inputs if name in types]
    symbols = {symbol for kind in read for symbol in symbols_of(kind)}
    kinds = {name: proto_type(kind) for name, kind in found.items()}
    return {
        name: without_made_up(kind, symbols)
        for name, kind in kinds.items()
        if kind is not None
    }


def _is_dangerous(node: Node, types: Mapping[str, ValueType]) -> bool:
    """Return whether inference, which is C++, would read out of bounds."""
    traits = operator_traits(node.domain, node.operator)
    if traits.needs_types and not all(name in types for name in node.inputs):
        return True
    name, least = traits.index or ("", 0)
    index = node.attributes.get(name, 0)
    return not isinstance(index, int) or not least <= index <= MAX_RANK


def body_of(node: Node, types: Mapping[str, ValueType]) -> Graph | None:
    """Return the graph of the function that defines an operator; its inputs are those given."""
    schema, proto = _schema(node), _proto(node)
    if schema is None or proto is None:
        return None
    kinds = [type_proto(types[n]) if n in types else None for n in node.inputs]
    if schema.has_function:
        function = schema.function_body
    elif schema.has_context_dependent_function:
        given = [(kind or onnx.TypeProto()).SerializeToString() for kind in kinds]
        data = schema.get_context_dependent_function(proto.SerializeToString(), given)
        function = onnx.FunctionProto.FromString(data)
    else:
        return None
    arguments = [
        Argument(inner, types.get(outer))
        for inner, outer in zip(function.input, node.inputs)
        if outer
    ]
    made = {name for inner in function.node for name in inner.output}
    while function.output and function.output[-1] not in made:
        function.output.pop()  # an optional output, which this node does not use
    defaults = {a.name: a for a in function.attribute_proto}
    present = {a.name for a in proto.attribute}
    for name, attribute in schema.attributes.items():
        if name not in present and attribute.default_value.type:
            defaults.setdefault(name, attribute.default_value)
    del function.attribute_proto[:]
    function.attribute_proto.extend(defaults.values())
    if not any(not opset.domain for opset in function.opset_import):
        function.opset_import.append(helper.make_opsetid("", node.version))
    try:
        model = called_model(function, proto, arguments, ())
        return decode(load(model)).graph
    except Onnx2pyError:
        return None


def _schema(node: Node) -> Any:
    known = onnx.defs.has(node.operator, node.version, node.domain)
    if not known:
        return None
    return onnx.defs.get_schema(node.operator, node.version, node.domain)


def _proto(node: Node) -> onnx.NodeProto | None:
    """Return protobuf's spelling of a node, None for one with subgraphs or types."""
    attributes: dict[str, Any] = {}
    for name, value in node.attributes.items():
        if isinstance(value, np.ndarray):
            attributes[name] = numpy_helper.from_array(value)
        elif isinstance(value, (int, float, str)):
            attributes[name] = value
        elif isinstance(value, tuple) and value:
            attributes[name] = list(value)
        elif value != ():
            return None
    try:
        return helper.make_node(
            node.operator,
            node.inputs,
            node.outputs,
            domain=node.domain,
            **attributes,
        )
    except (TypeError, ValueError):
        return None
