"""Protobuf's types of values -> the project's own."""

from __future__ import annotations

import onnx

from ..ir.types import (
    ELEMENT_TYPES,
    Dim,
    MapType,
    OptionalType,
    SequenceType,
    TensorType,
    ValueType,
)
from .symbols import symbol


def value_type(value: onnx.ValueInfoProto) -> ValueType | None:
    """Return the type of an input or output, None if it has none."""
    return proto_type(value.type) if value.HasField("type") else None


def proto_type(proto: onnx.TypeProto) -> ValueType | None:
    """Convert a type, None if the compiler does not support it."""
    kind = proto.WhichOneof("value")
    if kind in ("tensor_type", "sparse_tensor_type"):
        tensor = getattr(proto, kind)
        if tensor.elem_type not in ELEMENT_TYPES:
            return None
        shape = tuple(map(_dim, tensor.shape.dim)) if tensor.HasField("shape") else None
        return TensorType(ELEMENT_TYPES[tensor.elem_type], shape)
    if kind == "sequence_type":
        return SequenceType(proto_type(proto.sequence_type.elem_type))
    if kind == "optional_type":
        return OptionalType(proto_type(proto.optional_type.elem_type))
    if kind == "map_type":
        key = ELEMENT_TYPES.get(proto.map_type.key_type, "?")
        return MapType(key, proto_type(proto.map_type.value_type))
    return None


_ELEMENT_CODES = {name: code for code, name in ELEMENT_TYPES.items()}


def type_proto(kind: ValueType | None) -> onnx.TypeProto:
    """Convert a type to protobuf."""
    proto = onnx.TypeProto()
    if isinstance(kind, TensorType):
        proto.tensor_type.elem_type = _ELEMENT_CODES[kind.dtype]
        if kind.shape is not None:
            proto.tensor_type.shape.SetInParent()
        for dim in kind.shape or ():
            added = proto.tensor_type.shape.dim.add()
            if isinstance(dim, int):
                added.dim_value = dim
            elif dim is not None:
                added.dim_param = dim
    elif isinstance(kind, SequenceType):
        proto.sequence_type.elem_type.CopyFrom(type_proto(kind.element))
    elif isinstance(kind, OptionalType):
        proto.optional_type.elem_type.CopyFrom(type_proto(kind.element))
    elif isinstance(kind, MapType):
        proto.map_type.key_type = _ELEMENT_CODES[kind.key]
        proto.map_type.value_type.CopyFrom(type_proto(kind.value))
    return proto


def _dim(proto: onnx.TensorShapeProto.Dimension) -> Dim:
    kind = proto.WhichOneof("value")
    if kind == "dim_value":
        return int(proto.dim_value) if proto.dim_value >= 0 else None
    return symbol(proto.dim_param) if kind == "dim_param" else None
