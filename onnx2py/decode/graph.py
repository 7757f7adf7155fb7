"""Protobuf's graphs -> :class:`~onnx2py.ir.graph.Graph`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import onnx

from ..errors import DecodeError
from ..ir.graph import FUNCTION_DOMAIN, AttributeValue, Graph, Node
from ..ir.order import sorted_nodes
from ..ir.types import ValueType, tensor_type_of
from ..tensors import dense_array, tensor_array
from .attributes import GRADIENT, attribute_value, of_scope
from .calls import decoded_call
from .functions import small_constants
from .inference import GraphNotes, inferred_types
from .inlining import with_bodies
from .opsets import opsets_of
from .schemas import check_node
from .scopes import scopes_of
from .shared import Shared, trimmed
from .symbols import symbols_of, without_made_up
from .types import value_type
from .walk import subgraphs_of


class GraphDecoder:
    """Decodes one model: all names and types of its graphs pass through here."""

    def __init__(
        self,
        opsets: Mapping[str, int],
        notes: Iterable[GraphNotes],
        shared: Shared,
    ) -> None:
        self.opsets = opsets
        self.notes = iter(notes)
        self.shared = shared
        self.loaded = shared.loaded
        self.types, self.symbols = shared.types, shared.symbols

    def main_graph(
        self, proto: onnx.GraphProto, declared: Mapping[str, ValueType | None]
    ) -> Graph:
        """Decode the graph of a file; ``declared`` are the types that it names."""
        weights, overridable = self.loaded.weights, self.loaded.inputs.overridable
        values = [
            v for v in proto.input if v.name not in weights or v.name in overridable
        ]
        scope: dict[str, str] = {}
        for name in weights:
            self.shared.define(name, scope, "initializer")
        constants = {n: a for n, a in weights.items() if n not in overridable}
        self.types.update(
            (name, tensor_type_of(array)) for name, array in weights.items()
        )
        inputs: list[str] = []
        for value in values:
            if value.name not in weights:
                self.shared.define(value.name, scope, "input")
            elif scope[value.name] in inputs:
                raise DecodeError(
                    f"input {value.name!r}: expected one input of that name, got two"
                )
            inputs.append(scope[value.name])
            kind = value_type(value)
            if kind is None:
                raise DecodeError(f"input {value.name!r}: expected a type, got none")
            self.types[scope[value.name]] = kind
        for kind in self.types.values():
            self.symbols.update(symbols_of(kind))
        self.shared.note_constants(constants, scope)
        nodes, outputs = self._contents(proto, scope, self._next_notes())
        for name, said in declared.items():
            if said is not None and name in scope and scope[name] not in self.types:
                self.types[scope[name]] = without_made_up(said, self.symbols)
                self.shared.declared.add(scope[name])
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
            listed=self.loaded.inputs.listed,
        )

    def subgraph(self, proto: onnx.GraphProto, outer: Mapping[str, str]) -> Graph:
        """Decode a subgraph; ``outer`` maps the names around it."""
        scope = dict(outer)
        notes = self._next_notes()
        own: set[str] = set()
        constants = {}
        files = self.loaded.files
        tensors = [(t.name, tensor_array(t, files)) for t in proto.initializer]
        tensors += [
            (s.values.name, dense_array(s, files)) for s in proto.sparse_initializer
        ]
        for name, array in tensors:
            constants[self.shared.define(name, scope, "initializer", own)] = array
            self.types[scope[name]] = tensor_type_of(array)
        self.shared.note_constants(dict(tensors), scope)
        inputs = []
        initializers = set(own)
        for value in proto.input:
            if value.name in initializers:
                continue  # an initializer listed as an input, as before IR version 4
            inputs.append(self.shared.define(value.name, scope, "input", own))
            self.shared.note_type(value, scope)
        nodes, outputs = self._contents(proto, scope, notes, own)
        return Graph(
            name=proto.name,
            inputs=tuple(inputs),
            outputs=outputs,
            nodes=nodes,
            constants=constants,
            types=self.types,
            promised=notes.promised,
        )

    def _contents(
        self,
        proto: onnx.GraphProto,
        scope: dict[str, str],
        notes: GraphNotes,
        own: set[str] | None = None,
    ) -> tuple[tuple[Node, ...], tuple[str, ...]]:
        """Decode the nodes, sorted, and the names of the outputs."""
        own = set(scope) if own is None else own
        for node in proto.node:
            for name in node.output:
                if name:
                    self.shared.define(
                        name, scope, f"output of node {node.name!r}", own
                    )
        for value in (*proto.value_info, *proto.output):
            self.shared.note_type(value, scope)
        if self.shared.functions.protos:
            self.shared.note_constants(dict(small_constants(proto.node)), scope)
        for name, kind in notes.declared:
            if name in scope:
                self.shared.stated.setdefault(scope[name], []).append(kind)
        decoded = [self._node(node, scope) for node in proto.node]
        for number, reason in notes.faults.items():
            self.shared.faults[first_output(decoded[number])] = reason
        nodes = sorted_nodes(decoded)
        for value in proto.output:
            if value.name not in scope:
                raise DecodeError(
                    f"output {value.name!r}: expected a node that makes it, got none"
                )
        return nodes, tuple(scope[value.name] for value in proto.output)

    def _next_notes(self) -> GraphNotes:
        return next(self.notes, GraphNotes())

    def _node(self, proto: onnx.NodeProto, scope: Mapping[str, str]) -> Node:
        label = f"node {proto.name!r} ({proto.op_type})"
        for name in proto.input:
            if name and name not in scope:
                raise DecodeError(
                    f"{label}: input {name!r}: nothing in the graph defines it"
                )
        if proto.domain == FUNCTION_DOMAIN:
            raise DecodeError(f"{label}: expected another domain than onnx2py's own")
        function = self.shared.functions.called_by(proto)
        if function is not None:
            for _ in subgraphs_of(onnx.GraphProto(node=[proto])):
                self._next_notes()  # they are decoded inside the function
            return decoded_call(function, proto, scope, self.shared, self._body)
        check_node(proto, self.opsets.get(proto.domain, 1), label)
        attributes: dict[str, AttributeValue] = {}
        for attribute in proto.attribute:
            if attribute.name in attributes:
                raise DecodeError(
                    f"{label}: attribute {attribute.name!r}: expected one, got two"
                )
            subject = f"{label}: attribute {attribute.name!r}"
            value = attribute_value(
                attribute, self.loaded.files, lambda g: self.subgraph(g, scope), subject
            )
            if value is not None:
                attributes[attribute.name] = value
        if (proto.domain, proto.op_type) == GRADIENT:
            attributes.update(of_scope(attributes, scope))
        return Node(
            operator=proto.op_type,
            inputs=trimmed(scope[name] if name else "" for name in proto.input),
            outputs=trimmed(scope[name] if name else "" for name in proto.output),
            attributes=attributes,
            name=proto.name,
            domain=proto.domain,
            version=self.opsets.get(proto.domain, 1),
            scopes=scopes_of(proto),
        )

    def _body(self, model: onnx.ModelProto) -> Graph:
        """Decode the model of a call."""
        opsets = opsets_of(model)
        model = with_bodies(model, opsets, self.shared.has_rule)
        inferred, notes = inferred_types(model)
        return GraphDecoder(opsets, notes, self.shared).subgraph(inferred.graph, {})


def first_output(node: Node) -> str:
    """Return the first output of a node, which identifies the node."""
    return next((output for output in node.outputs if output), "")
