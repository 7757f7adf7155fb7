"""Protobuf's graphs -> :class:`~onnx2py.ir.graph.Graph`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import onnx
from onnx import AttributeProto

from ..errors import DecodeError
from ..ir.graph import AttributeValue, Graph, Node
from ..ir.order import sorted_nodes
from ..ir.types import ValueType, tensor_type_of
from ..load import LoadedModel, dense_array, tensor_array
from .types import proto_type, symbols_of, value_type, without_made_up


class GraphDecoder:
    """Decodes one model: all names and types of its graphs pass through here."""

    def __init__(
        self,
        loaded: LoadedModel,
        opsets: Mapping[str, int],
        promised: Iterable[tuple[ValueType | None, ...]],
    ) -> None:
        self.loaded = loaded
        self.opsets = opsets
        self.promised = iter(promised)
        self.taken: set[str] = set()
        self.types: dict[str, ValueType] = {}
        self.symbols: set[str] = set()

    def main_graph(
        self, proto: onnx.GraphProto, declared: Mapping[str, ValueType | None]
    ) -> Graph:
        """Decode the graph of a file; ``declared`` are the types that it names."""
        weights, overridable = self.loaded.weights, self.loaded.overridable
        values = [
            v for v in proto.input if v.name not in weights or v.name in overridable
        ]
        scope: dict[str, str] = {}
        for name in weights:
            self._define(name, scope, "initializer")
        constants = {n: a for n, a in weights.items() if n not in overridable}
        self.types.update(
            (name, tensor_type_of(array)) for name, array in weights.items()
        )
        inputs = []
        for value in values:
            if value.name not in weights:
                self._define(value.name, scope, "input")
            inputs.append(scope[value.name])
            kind = value_type(value)
            if kind is None:
                raise DecodeError(f"input {value.name!r}: expected a type, got none")
            self.types[scope[value.name]] = kind
        self.symbols = {dim for kind in self.types.values() for dim in symbols_of(kind)}
        nodes, outputs = self._contents(proto, scope)
        for name, said in declared.items():
            if said is not None and name in scope:
                self.types.setdefault(scope[name], without_made_up(said, self.symbols))
        return Graph(
            name=proto.name,
            inputs=tuple(inputs),
            outputs=outputs,
            nodes=nodes,
            constants=constants,
            defaults={n: a for n, a in weights.items() if n in overridable},
            types=self.types,
            output_names=tuple(value.name for value in proto.output),
            promised=tuple(declared.get(value.name) for value in proto.output),
        )

    def subgraph(self, proto: onnx.GraphProto, outer: Mapping[str, str]) -> Graph:
        """Decode a subgraph; ``outer`` says what the names around it mean."""
        scope = dict(outer)
        promised = next(self.promised)
        own: set[str] = set()
        constants = {}
        folder = self.loaded.folder
        tensors = [(t.name, tensor_array(t, folder)) for t in proto.initializer]
        tensors += [
            (s.values.name, dense_array(s, folder)) for s in proto.sparse_initializer
        ]
        for name, array in tensors:
            constants[self._define(name, scope, "initializer", own)] = array
            self.types[scope[name]] = tensor_type_of(array)
        inputs = []
        for value in proto.input:
            if value.name in own:
                continue  # an initializer listed as an input, as before IR version 4
            inputs.append(self._define(value.name, scope, "input", own))
            self._note_type(value, scope)
        nodes, outputs = self._contents(proto, scope, own)
        return Graph(
            name=proto.name,
            inputs=tuple(inputs),
            outputs=outputs,
            nodes=nodes,
            constants=constants,
            types=self.types,
            promised=promised,
        )

    def _contents(
        self, proto: onnx.GraphProto, scope: dict[str, str], own: set[str] | None = None
    ) -> tuple[tuple[Node, ...], tuple[str, ...]]:
        """Decode the nodes, sorted, and the names of the outputs."""
        own = set(scope) if own is None else own
        for node in proto.node:
            for name in node.output:
                if name:
                    self._define(name, scope, f"output of node {node.name!r}", own)
        for value in (*proto.value_info, *proto.output):
            self._note_type(value, scope)
        nodes = sorted_nodes([self._node(node, scope) for node in proto.node])
        for value in proto.output:
            if value.name not in scope:
                raise DecodeError(
                    f"output {value.name!r}: expected a node that makes it, got none"
                )
        return nodes, tuple(scope[value.name] for value in proto.output)

    def _define(
        self, name: str, scope: dict[str, str], role: str, own: set[str] | None = None
    ) -> str:
        """Give a value a name that no other value of the whole model has."""
        if not name:
            raise DecodeError(f"{role}: expected a name, got none")
        if own is None and name in scope or own is not None and name in own:
            raise DecodeError(
                f"{role} {name!r}: expected one value of that name, got two"
            )
        unique, count = name, 1
        while unique in self.taken:
            count += 1
            unique = f"{name}.{count}"
        self.taken.add(unique)
        scope[name] = unique
        if own is not None:
            own.add(name)
        return unique

    def _note_type(self, value: onnx.ValueInfoProto, scope: Mapping[str, str]) -> None:
        kind = value_type(value)
        if kind is not None and value.name in scope:
            self.types[scope[value.name]] = without_made_up(kind, self.symbols)

    def _node(self, proto: onnx.NodeProto, scope: Mapping[str, str]) -> Node:
        label = f"node {proto.name!r} ({proto.op_type})"
        for name in proto.input:
            if name and name not in scope:
                raise DecodeError(
                    f"{label}: input {name!r}: nothing in the graph defines it"
                )
        attributes: dict[str, AttributeValue] = {}
        for attribute in proto.attribute:
            if attribute.name in attributes:
                raise DecodeError(
                    f"{label}: attribute {attribute.name!r}: expected one, got two"
                )
            subject = f"{label}: attribute {attribute.name!r}"
            value = self._attribute(attribute, scope, subject)
            if value is not None:
                attributes[attribute.name] = value
        return Node(
            operator=proto.op_type,
            inputs=_trimmed(scope[name] if name else "" for name in proto.input),
            outputs=_trimmed(scope[name] if name else "" for name in proto.output),
            attributes=attributes,
            name=proto.name,
            domain=proto.domain,
            version=self.opsets.get(proto.domain, 1),
        )

    def _attribute(
        self, proto: AttributeProto, scope: Mapping[str, str], subject: str
    ) -> AttributeValue | None:
        if proto.ref_attr_name:
            raise DecodeError(
                f"{subject}: expected a value, got a reference outside a function"
            )
        kind = proto.type or _attribute_type(proto)
        folder = self.loaded.folder
        readers: dict[int, Any] = {
            AttributeProto.INT: lambda: proto.i,
            AttributeProto.FLOAT: lambda: proto.f,
            AttributeProto.STRING: lambda: _text(proto.s),
            AttributeProto.TENSOR: lambda: tensor_array(proto.t, folder),
            AttributeProto.SPARSE_TENSOR: lambda: dense_array(
                proto.sparse_tensor, folder
            ),
            AttributeProto.GRAPH: lambda: self.subgraph(proto.g, scope),
            AttributeProto.TYPE_PROTO: lambda: proto_type(proto.tp),
            AttributeProto.INTS: lambda: tuple(proto.ints),
            AttributeProto.FLOATS: lambda: tuple(proto.floats),
            AttributeProto.STRINGS: lambda: tuple(map(_text, proto.strings)),
            AttributeProto.TENSORS: lambda: tuple(
                tensor_array(t, folder) for t in proto.tensors
            ),
            AttributeProto.GRAPHS: lambda: tuple(
                self.subgraph(g, scope) for g in proto.graphs
            ),
            AttributeProto.TYPE_PROTOS: lambda: tuple(
                map(proto_type, proto.type_protos)
            ),
        }
        if kind not in readers:
            raise DecodeError(f"{subject}: expected a known attribute type, got {kind}")
        value: AttributeValue | None = readers[kind]()
        return value


def _trimmed(names: Iterable[str]) -> tuple[str, ...]:
    """Drop absent inputs or outputs at the end: they say nothing."""
    found = list(names)
    while found and not found[-1]:
        found.pop()
    return tuple(found)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _attribute_type(proto: AttributeProto) -> int:
    """Guess the type where an old file does not say it: by the field that is set."""
    fields = {
        "f": 1, "i": 2, "s": 3, "t": 4, "g": 5, "floats": 6, "ints": 7, "strings": 8,
        "tensors": 9, "graphs": 10, "sparse_tensor": 11, "tp": 13, "type_protos": 14,
    }  # fmt: skip
    return next((fields[f.name] for f, _ in proto.ListFields() if f.name in fields), 0)
