"""The attributes of nodes in protobuf."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import onnx
from onnx import AttributeProto

from ..errors import DecodeError
from ..external import ExternalFiles
from ..ir.graph import AttributeValue, Graph
from ..tensors import dense_array, tensor_array
from .types import proto_type


def attribute_value(
    proto: AttributeProto,
    files: ExternalFiles,
    subgraph: Callable[[onnx.GraphProto], Graph],
    subject: str,
) -> AttributeValue | None:
    """Return the value of an attribute; ``subgraph`` decodes the graphs in it.

    Raises
    ------
    DecodeError
        If the value is not of the type that the attribute names; it begins with ``subject``.
    """
    if proto.ref_attr_name:
        raise DecodeError(
            f"{subject}: expected a value, got a reference outside a function"
        )
    kind = proto.type or _attribute_type(proto)
    has_graph, has_graphs = proto.HasField("g"), bool(proto.graphs)
    if has_graph != (kind == AttributeProto.GRAPH) or (
        has_graphs and kind != AttributeProto.GRAPHS
    ):
        raise DecodeError(
            f"{subject}: expected a value of the type that it names, got "
            f"{'a graph' if has_graph or has_graphs else 'no graph'}"
        )
    readers: dict[int, Any] = {
        AttributeProto.INT: lambda: proto.i,
        AttributeProto.FLOAT: lambda: proto.f,
        AttributeProto.STRING: lambda: _text(proto.s),
        AttributeProto.TENSOR: lambda: tensor_array(proto.t, files),
        AttributeProto.SPARSE_TENSOR: lambda: dense_array(proto.sparse_tensor, files),
        AttributeProto.GRAPH: lambda: subgraph(proto.g),
        AttributeProto.TYPE_PROTO: lambda: proto_type(proto.tp),
        AttributeProto.INTS: lambda: tuple(proto.ints),
        AttributeProto.FLOATS: lambda: tuple(proto.floats),
        AttributeProto.STRINGS: lambda: tuple(map(_text, proto.strings)),
        AttributeProto.TENSORS: lambda: tuple(
            tensor_array(t, files) for t in proto.tensors
        ),
        AttributeProto.GRAPHS: lambda: tuple(map(subgraph, proto.graphs)),
        AttributeProto.TYPE_PROTOS: lambda: tuple(map(proto_type, proto.type_protos)),
    }
    if kind not in readers:
        raise DecodeError(f"{subject}: expected a known attribute type, got {kind}")
    value: AttributeValue | None = readers[kind]()
    return value


GRADIENT = ("ai.onnx.preview.training", "Gradient")
"""The operator whose attributes are names of values."""


def of_scope(
    attributes: Mapping[str, AttributeValue], scope: Mapping[str, str]
) -> dict[str, AttributeValue]:
    """Return the attributes that name values, with the names of these values in the graph."""
    found: dict[str, AttributeValue] = {}
    for key in ("y", "xs", "zs"):
        value = attributes.get(key)
        if isinstance(value, str):
            found[key] = scope.get(value, value)
        elif isinstance(value, tuple):
            found[key] = tuple(scope.get(name, name) for name in value)
    return found


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _attribute_type(proto: AttributeProto) -> int:
    """Infer the attribute type, missing in old files, from the field that is set."""
    fields = {
        "f": 1, "i": 2, "s": 3, "t": 4, "g": 5, "floats": 6, "ints": 7, "strings": 8,
        "tensors": 9, "graphs": 10, "sparse_tensor": 11, "tp": 13, "type_protos": 14,
    }  # fmt: skip
    return next((fields[f.name] for f, _ in proto.ListFields() if f.name in fields), 0)
