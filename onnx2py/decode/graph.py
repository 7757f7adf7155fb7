"""Protobuf's graphs -> :class:`~onnx2py.ir.graph.Graph`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import onnx

from ..errors import DecodeError, counted
from ..ir.graph import FUNCTION_DOMAIN, AttributeValue, Graph, Node, numbered
from ..ir.order import sorted_nodes
from ..ir.types import ValueType, tensor_type_of
from ..load import LoadedModel
from ..tensors import dense_array, tensor_array
from .attributes import GRADIENT, attribute_value, of_scope
from .functions import Argument, Functions, called_model, is_small, small_constants
from .inference import GraphNotes, inferred_types
from .inlining import HasRule, with_bodies
from .opsets import opsets_of
from .schemas import check_node
from .scopes import scopes_of
from .symbols import symbols_of, without_made_up
from .types import value_type
from .walk import subgraphs_of


@dataclass
class Shared:
    """State shared by the decoders of a model and of its functions."""

    loaded: LoadedModel
    has_rule: HasRule
    functions: Functions
    taken: set[str] = field(default_factory=set)
    types: dict[str, ValueType] = field(default_factory=dict)
    symbols: set[str] = field(default_factory=set)
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    """The small ones, which a call may hand to a function."""
    faults: dict[str, str] = field(default_factory=dict)
    """For the first output of a node that inference refused: why."""
    declared: set[str] = field(default_factory=set)
    """Values whose types the file declares and inference does not know."""
    stated: dict[str, list[ValueType]] = field(default_factory=dict)
    """All types that the file declares for what nodes make."""


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
            self._define(name, scope, "initializer")
        constants = {n: a for n, a in weights.items() if n not in overridable}
        self.types.update(
            (name, tensor_type_of(array)) for name, array in weights.items()
        )
        inputs: list[str] = []
        for value in values:
            if value.name not in weights:
                self._define(value.name, scope, "input")
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
        self._note_constants(constants, scope)
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
            constants[self._define(name, scope, "initializer", own)] = array
            self.types[scope[name]] = tensor_type_of(array)
        self._note_constants(dict(tensors), scope)
        inputs = []
        initializers = set(own)
        for value in proto.input:
            if value.name in initializers:
                continue  # an initializer listed as an input, as before IR version 4
            inputs.append(self._define(value.name, scope, "input", own))
            self._note_type(value, scope)
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
                    self._define(name, scope, f"output of node {node.name!r}", own)
        for value in (*proto.value_info, *proto.output):
            self._note_type(value, scope)
        if self.shared.functions.protos:
            self._note_constants(dict(small_constants(proto.node)), scope)
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

    def _define(
        self, name: str, scope: dict[str, str], role: str, own: set[str] | None = None
    ) -> str:
        """Give a value a name that is unique in the model."""
        if not name:
            raise DecodeError(f"{role}: expected a name, got none")
        if own is None and name in scope or own is not None and name in own:
            raise DecodeError(
                f"{role} {name!r}: expected one value of that name, got two"
            )
        unique, count = name, 1
        while unique in self.shared.taken:
            count += 1
            unique = numbered(name, count)
        self.shared.taken.add(unique)
        scope[name] = unique
        if own is not None:
            own.add(name)
        return unique

    def _note_constants(
        self, arrays: Mapping[str, np.ndarray], scope: Mapping[str, str]
    ) -> None:
        """Remember the constants that a call may pass to a function."""
        if self.shared.functions.protos:
            small = {
                scope[n]: a for n, a in arrays.items() if n in scope and is_small(a)
            }
            self.shared.constants.update(small)

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
        if proto.domain == FUNCTION_DOMAIN:
            raise DecodeError(f"{label}: expected another domain than onnx2py's own")
        function = self.shared.functions.called_by(proto)
        if function is not None:
            for _ in subgraphs_of(onnx.GraphProto(node=[proto])):
                self._next_notes()  # they are decoded inside the function
            return self._function_call(function, proto, scope, label)
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
            inputs=_trimmed(scope[name] if name else "" for name in proto.input),
            outputs=_trimmed(scope[name] if name else "" for name in proto.output),
            attributes=attributes,
            name=proto.name,
            domain=proto.domain,
            version=self.opsets.get(proto.domain, 1),
            scopes=scopes_of(proto),
        )

    def _function_call(
        self,
        function: onnx.FunctionProto,
        proto: onnx.NodeProto,
        scope: Mapping[str, str],
        label: str,
    ) -> Node:
        """Decode a call, and the function as it is for that call."""
        for what, given, known in (
            ("input", proto.input, function.input),
            ("output", proto.output, function.output),
        ):
            if len(given) > len(known):
                raise DecodeError(
                    f"{label}: expected at most {counted(len(known), what)}, "
                    f"got {len(given)}"
                )
        arguments = [
            Argument(name, self.types.get(outer), self.shared.constants.get(outer))
            for name, outer in zip(
                function.input, (scope[n] if n else "" for n in proto.input)
            )
            if outer
        ]
        shared = self.shared
        model = called_model(
            function, proto, arguments, shared.functions.protos.values()
        )
        opsets = opsets_of(model)
        model = with_bodies(model, opsets, shared.has_rule)
        inferred, notes = inferred_types(model)
        decoder = GraphDecoder(opsets, notes, shared)
        graph = decoder.subgraph(inferred.graph, {})
        outputs = _trimmed(scope[name] if name else "" for name in proto.output)
        for outer, inner in zip(outputs, graph.outputs):
            if outer and inner in self.types:
                self.types.setdefault(outer, self.types[inner])
        passed = {a.name for a in arguments if a.constant is None}
        return Node(
            operator=function.name,
            inputs=tuple(
                scope[outer]
                for name, outer in zip(function.input, proto.input)
                if name in passed
            ),
            outputs=outputs,
            attributes={"body": graph},
            name=proto.name,
            domain=FUNCTION_DOMAIN,
            version=1,
            scopes=scopes_of(proto),
        )


def first_output(node: Node) -> str:
    """Return the first output of a node, which identifies the node."""
    return next((output for output in node.outputs if output), "")


def _trimmed(names: Iterable[str]) -> tuple[str, ...]:
    """Drop absent inputs or outputs at the end."""
    found = list(names)
    while found and not found[-1]:
        found.pop()
    return tuple(found)
