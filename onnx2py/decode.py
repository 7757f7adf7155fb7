"""Protobuf -> :class:`~onnx2py.ir.graph.Graph`.

The one place where the looseness of real files ends: what comes out is sorted, every
value has one name, every input is defined, every type is the project's own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import onnx
from onnx import AttributeProto, inliner, shape_inference

from .errors import DecodeError
from .ir.graph import AttributeValue, Graph, Node
from .ir.types import (
    ELEMENT_TYPES,
    Dim,
    MapType,
    OptionalType,
    SequenceType,
    TensorType,
    ValueType,
    tensor_type_of,
)
from .load import LoadedModel, dense_array, tensor_array

UNKNOWN = "onnx2py.unknown"
MAX_DEPTH = 64
"""How many subgraphs may stand inside each other."""


@dataclass(frozen=True)
class Metadata:
    """What the file says about itself. All of it is the author's text, not to be trusted."""

    producer: str
    opsets: Mapping[str, int]
    ir_version: int
    description: str
    properties: Mapping[str, str]


@dataclass(frozen=True)
class DecodedModel:
    """The graph, and the file's metadata."""

    graph: Graph
    metadata: Metadata


HasRule = Callable[[str, str, int], bool]
"""Whether an operator (domain, name, opset version) can be lowered as it is."""


def decode(loaded: LoadedModel, has_rule: HasRule = lambda *_: True) -> DecodedModel:
    """Decode a loaded model; local functions are inlined, types and shapes inferred.

    An operator without a rule that ONNX defines by a function is replaced by its body.

    Raises
    ------
    DecodeError
        If the graph is not valid: a cycle, a name defined twice, an undefined input ...
    LoadError
        If external data is missing.
    """
    proto = loaded.proto
    _normalise_domains(proto)
    opsets = _opsets(proto)
    if proto.functions:
        _check_recursion(proto)
        proto = _inline(proto, inliner.inline_local_functions)
    bodies = _wanted_bodies(proto, opsets, has_rule)
    if bodies:
        proto = _inline(proto, inliner.inline_selected_functions, bodies, False, True)
    values = (*proto.graph.value_info, *proto.graph.output)
    declared = {value.name: _value_type(value) for value in values}
    promised = [tuple(map(_value_type, g.output)) for g in _subgraphs(proto.graph)]
    inferred = _infer(proto)
    decoder = _Decoder(loaded, opsets, promised)
    graph = decoder.main_graph(inferred.graph, declared)
    metadata = Metadata(
        producer=f"{proto.producer_name} {proto.producer_version}".strip(),
        opsets=opsets,
        ir_version=proto.ir_version,
        description=proto.doc_string,
        properties={entry.key: entry.value for entry in proto.metadata_props},
    )
    return DecodedModel(graph, metadata)


# ---------------------------------------------------------------------- the whole file


def _graphs(graph: onnx.GraphProto, depth: int = 0) -> Iterator[onnx.GraphProto]:
    if depth > MAX_DEPTH:
        raise DecodeError(
            f"graph: expected at most {MAX_DEPTH} subgraphs inside each other"
        )
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for subgraph in (
                *attribute.graphs,
                *([attribute.g] if attribute.HasField("g") else ()),
            ):
                yield from _graphs(subgraph, depth + 1)


def _subgraphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    graphs = _graphs(graph)
    next(graphs)
    return graphs


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    return (node for each in _graphs(graph) for node in each.node)


def _normalise_domains(proto: onnx.ModelProto) -> None:
    """Spell ONNX's own domain one way: ``ai.onnx`` is another name of ""."""
    items: list[Any] = [*_nodes(proto.graph), *proto.opset_import]
    for function in proto.functions:
        items += [*_function_nodes(function), *function.opset_import]
    for item in items:
        if item.domain == "ai.onnx":
            item.domain = ""


def _opsets(proto: onnx.ModelProto) -> dict[str, int]:
    opsets: dict[str, int] = {}
    for entry in proto.opset_import:
        if opsets.setdefault(entry.domain, entry.version) != entry.version:
            raise DecodeError(
                f"opset of {entry.domain or 'ai.onnx'}: expected one version, got "
                f"{opsets[entry.domain]} and {entry.version}"
            )
    newest = onnx.defs.onnx_opset_version()
    if opsets.get("", 1) > newest:
        raise DecodeError(
            f"opset of ai.onnx: expected at most {newest}, got {opsets['']}; "
            "install a newer release of the onnx package"
        )
    if "" not in opsets:
        # As onnxruntime: the newest beside other domains. Before IR version 3 there were none.
        opsets[""] = newest if opsets else 1
        proto.opset_import.append(onnx.helper.make_opsetid("", opsets[""]))
    return opsets


def _inline(
    proto: onnx.ModelProto, inline: Callable[..., onnx.ModelProto], *options: Any
) -> onnx.ModelProto:
    """Replace calls of functions by their bodies."""
    try:
        return inline(proto, *options)
    except Exception as error:  # the C++ inliner has no error type of its own
        raise DecodeError(
            f"functions: they cannot be inlined: {_first_line(error)}"
        ) from None


WITH_BODIES = {"If", "Loop", "Scan", "SequenceMap"}
"""The operators whose subgraphs the compiler knows; of others, ONNX's function is used."""


def _wanted_bodies(
    proto: onnx.ModelProto, opsets: Mapping[str, int], has_rule: HasRule
) -> list[tuple[str, str]]:
    """Return the operators to replace by the functions that define them."""
    found: dict[tuple[str, str], None] = {}
    for node in _nodes(proto.graph):
        version = opsets.get(node.domain, 1)
        open_body = node.op_type not in WITH_BODIES and any(
            attribute.HasField("g") for attribute in node.attribute
        )
        missing = open_body or not has_rule(node.domain, node.op_type, version)
        if missing and onnx.defs.has(node.op_type, version, node.domain):
            schema: Any = onnx.defs.get_schema(node.op_type, version, node.domain)
            if schema.has_function or schema.has_context_dependent_function:
                found[node.domain, node.op_type] = None
    return list(found)


def _check_recursion(proto: onnx.ModelProto) -> None:
    calls = {
        (f.domain, f.name): {(n.domain, n.op_type) for n in _function_nodes(f)}
        for f in proto.functions
    }
    done: set[tuple[str, str]] = set()
    while True:
        ready = [
            f
            for f, callees in calls.items()
            if f not in done and callees & calls.keys() <= done
        ]
        if not ready:
            break
        done.update(ready)
    if len(done) < len(calls):
        name = min(set(calls) - done)[1]
        raise DecodeError(
            f"local function {name!r}: expected no recursion, but it calls itself"
        )


def _function_nodes(function: onnx.FunctionProto) -> Iterator[onnx.NodeProto]:
    return _nodes(onnx.GraphProto(node=function.node))


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _infer(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Infer types and shapes from the inputs alone: what a file declares may be wrong."""
    for graph in _graphs(proto.graph):
        del graph.value_info[:]
        for output in graph.output:
            output.ClearField("type")
    for graph in _subgraphs(proto.graph):
        for value in graph.input:  # a loop may change the shapes of its state
            value.type.tensor_type.ClearField("shape")
    _hide_unknown_operators(proto)
    try:
        inferred = shape_inference.infer_shapes(proto, data_prop=True)
    except Exception:  # an invalid node: the decoder, or its rule, will say so better
        inferred = proto
    for node in _nodes(inferred.graph):
        if node.domain == UNKNOWN:
            node.domain = ""
    return inferred


def _hide_unknown_operators(proto: onnx.ModelProto) -> None:
    """Move operators that ONNX dropped to another domain: inference would stop at them."""
    version = next(o.version for o in proto.opset_import if not o.domain)
    hidden = [
        node
        for node in _nodes(proto.graph)
        if not node.domain and not onnx.defs.has(node.op_type, version, "")
    ]
    for node in hidden:
        node.domain = UNKNOWN
    if hidden:
        proto.opset_import.append(onnx.helper.make_opsetid(UNKNOWN, 1))


# ---------------------------------------------------------------------- graphs


class _Decoder:
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
            kind = _value_type(value)
            if kind is None:
                raise DecodeError(f"input {value.name!r}: expected a type, got none")
            self.types[scope[value.name]] = kind
        self.symbols = {dim for kind in self.types.values() for dim in _symbols(kind)}
        nodes, outputs = self._contents(proto, scope)
        for name, said in declared.items():
            if said is not None and name in scope:
                self.types.setdefault(scope[name], _known(said, self.symbols))
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
        nodes = _sorted([self._node(node, scope) for node in proto.node])
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
        kind = _value_type(value)
        if kind is not None and value.name in scope:
            self.types[scope[value.name]] = _known(kind, self.symbols)

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
            AttributeProto.TYPE_PROTO: lambda: _proto_type(proto.tp),
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
                map(_proto_type, proto.type_protos)
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


def _sorted(nodes: list[Node]) -> tuple[Node, ...]:
    """Sort nodes so that each comes after those it reads from; keep the order where it is one."""
    producer = {
        name: i for i, node in enumerate(nodes) for name in node.outputs if name
    }
    needs = [
        {producer[name] for name in _reads(node) if name in producer} for node in nodes
    ]
    if all(max(need, default=-1) < i for i, need in enumerate(needs)):
        return tuple(nodes)
    order: list[int] = []
    state = [0] * len(nodes)  # 0 unseen, 1 on the stack, 2 done
    for root in range(len(nodes)):
        stack = [root]
        while stack:
            i = stack[-1]
            if state[i] == 2:
                stack.pop()
                continue
            state[i] = 1
            waiting = [j for j in sorted(needs[i]) if state[j] != 2]
            if any(state[j] == 1 for j in waiting):
                label = nodes[i].label
                raise DecodeError(
                    f"node {label}: expected no cycle, but it depends on its own output"
                )
            if waiting:
                stack.extend(reversed(waiting))
                # a node pushed twice is met again as done
            else:
                state[i] = 2
                order.append(i)
                stack.pop()
    return tuple(nodes[i] for i in order)


def _reads(node: Node) -> Iterator[str]:
    yield from node.inputs
    for subgraph in node.subgraphs.values():
        yield from subgraph.captures()


# ---------------------------------------------------------------------- types


def _value_type(value: onnx.ValueInfoProto) -> ValueType | None:
    return _proto_type(value.type) if value.HasField("type") else None


def _proto_type(proto: onnx.TypeProto) -> ValueType | None:
    kind = proto.WhichOneof("value")
    if kind in ("tensor_type", "sparse_tensor_type"):
        tensor = getattr(proto, kind)
        if tensor.elem_type not in ELEMENT_TYPES:
            return None
        shape = tuple(map(_dim, tensor.shape.dim)) if tensor.HasField("shape") else None
        return TensorType(ELEMENT_TYPES[tensor.elem_type], shape)
    if kind == "sequence_type":
        return SequenceType(_proto_type(proto.sequence_type.elem_type))
    if kind == "optional_type":
        return OptionalType(_proto_type(proto.optional_type.elem_type))
    if kind == "map_type":
        key = ELEMENT_TYPES.get(proto.map_type.key_type, "?")
        return MapType(key, _proto_type(proto.map_type.value_type))
    return None


def _symbols(kind: ValueType) -> Iterator[str]:
    shape = kind.shape or () if isinstance(kind, TensorType) else ()
    return (dim for dim in shape if isinstance(dim, str))


def _known(kind: ValueType, symbols: set[str]) -> ValueType:
    """Drop the symbols that inference made up: only those of inputs mean something."""
    if not isinstance(kind, TensorType) or kind.shape is None:
        return kind
    dims = (d if not isinstance(d, str) or d in symbols else None for d in kind.shape)
    return replace(kind, shape=tuple(dims))


def _dim(proto: onnx.TensorShapeProto.Dimension) -> Dim:
    kind = proto.WhichOneof("value")
    if kind == "dim_value":
        return int(proto.dim_value) if proto.dim_value >= 0 else None
    return _symbol(proto.dim_param) if kind == "dim_param" else None


def _symbol(text: str) -> str | None:
    """Return a dimension's symbol; one that would not read as such gets a name of its own."""
    if not text or re.fullmatch(r"[A-Za-z_][\w.+*/() -]{0,60}", text, re.ASCII):
        return text or None
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return f"{re.sub(r'[^A-Za-z0-9_]+', '_', text)[:24].strip('_') or 'dim'}_{digest}"
