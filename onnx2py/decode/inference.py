"""Types and shapes by ONNX's own inference, protected from nodes that would crash it.

Inference is C++: for some operators, it reads the types of inputs without checking that they
exist, and a shape at an index given by an attribute. Such nodes are hidden from it, in an
unknown domain, until the types of their inputs are known.

It is strict, and reports nodes that contradict each other: onnxruntime uses the same code.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import onnx
from onnx import TensorProto, helper, shape_inference

from ..ir.types import ValueType
from ..memory import bounded_memory
from ..traits.operators import operator_traits
from .first_round import types_of, with_first_rounds
from .following import with_numbers_followed
from .limits import MAX_RANK
from .types import value_type
from .walk import graphs_of, nodes_of, subgraphs_of

UNKNOWN = "onnx2py.unknown"
"""The domain of nodes hidden from inference."""

BEYOND = 1 << 62
"""Placeholder for an index passed from function to function, which may be any."""

BROADCASTS = 7
"""The opset since which operators broadcast as NumPy does."""

ROUNDS = 16
"""Maximum number of further calls of inference for nodes that were hidden."""

SPARE_BYTES = 1 << 30
"""Memory that inference may allocate, in bytes: its input has no large weights."""


@dataclass(frozen=True)
class GraphNotes:
    """Facts about a graph of a model that are not in its protobuf message."""

    promised: tuple[ValueType | None, ...] = ()
    """Of a subgraph, the types that its outputs should have: what the file says, completed by
    what the first round of a loop makes."""
    faults: Mapping[int, str] = field(default_factory=dict)
    """For the number of a node that inference refused: why."""
    declared: tuple[tuple[str, ValueType], ...] = ()
    """The types that the file gives to values inside and to outputs, by their names."""


def inferred_types(
    proto: onnx.ModelProto,
) -> tuple[onnx.ModelProto, list[GraphNotes]]:
    """Infer types and shapes; return notes on the graph and its subgraphs, in order, too."""
    inputs, promised = types_of(proto.graph, "input"), types_of(proto.graph, "output")
    declared = [tuple(_declared(graph)) for graph in graphs_of(proto.graph)]
    inferred, faults = infer(proto)
    promised = with_first_rounds(
        inferred, inputs, promised, lambda model: _inferred(model)[0]
    )
    notes, first = [], 0
    for graph, types, said in zip(graphs_of(inferred.graph), ((), *promised), declared):
        numbers = range(first, first + len(graph.node))
        of_graph = {n - first: faults[n] for n in numbers if n in faults}
        notes.append(GraphNotes(types, of_graph, said))
        first += len(graph.node)
    return inferred, notes


def _declared(graph: onnx.GraphProto) -> Iterator[tuple[str, ValueType]]:
    for value in (*graph.value_info, *graph.output):
        kind = value_type(value)
        if kind is not None:
            yield value.name, kind


def infer(proto: onnx.ModelProto) -> tuple[onnx.ModelProto, dict[int, str]]:
    """Infer types and shapes from the inputs alone: what a file declares may be wrong.

    Returned beside the model: why inference refused a node, by the node's number in
    :func:`nodes_of`.
    """
    for graph in graphs_of(proto.graph):
        del graph.value_info[:]
        for output in graph.output:
            output.ClearField("type")
    numbers = list(_iteration_numbers(proto.graph))
    ranks = [len(value.type.tensor_type.shape.dim) for value in numbers]
    for graph in subgraphs_of(proto.graph):
        for value in graph.input:  # a loop may change the shapes of its state
            if value.type.HasField("tensor_type"):
                value.type.tensor_type.ClearField("shape")
    for value, rank in zip(numbers, ranks):
        # A single number; onnxruntime heeds a file that gives it an axis.
        shape = (1,) * min(rank, 1)
        value.type.CopyFrom(helper.make_tensor_type_proto(TensorProto.INT64, shape))
    return _inferred(proto)


def _inferred(proto: onnx.ModelProto) -> tuple[onnx.ModelProto, dict[int, str]]:
    """Infer types and shapes, with dangerous nodes hidden until that is safe."""
    nodes = list(nodes_of(proto.graph))
    given = [(node.domain, node.op_type, node.name) for node in nodes]
    waiting = _hide(proto)
    mark = f"node {secrets.token_hex(8)} "  # no name in a file is like it
    _stand_in(nodes, proto.opset_import)
    for index, node in enumerate(nodes):
        node.name = f"{mark}{index};"
    inferred, complaint = _called(proto)
    for _ in range(ROUNDS if waiting else 0):
        known = enumerate(_typed(inferred.graph, frozenset()))
        ready = waiting & {index for index, is_typed in known if is_typed}
        if not ready:
            break
        for index in ready:
            nodes[index].domain = given[index][0]
        waiting -= ready
        inferred, complaint = _called(proto)
    for node, names in zip(nodes_of(inferred.graph), given):
        node.domain, node.op_type, node.name = names
    return inferred, _faults(complaint, mark)


def _stand_in(nodes: Iterable[onnx.NodeProto], opsets: Any) -> None:
    """Let inference see a division in place of PRelu, which broadcasts both inputs too.

    For PRelu itself, it returns the shape of the first input.
    """
    if all(entry.version < BROADCASTS for entry in opsets if not entry.domain):
        return
    for node in nodes:
        if node.op_type == "PRelu" and not node.domain and len(node.input) == 2:
            node.op_type = "Div"


def _iteration_numbers(graph: onnx.GraphProto) -> Iterator[onnx.ValueInfoProto]:
    """Yield the first input of each body of a Loop."""
    for node in nodes_of(graph):
        for attribute in node.attribute:
            if node.op_type == "Loop" and not node.domain and attribute.g.input:
                yield attribute.g.input[0]


def _called(proto: onnx.ModelProto) -> tuple[onnx.ModelProto, str]:
    """Call inference; also return its error messages. Values it cannot infer have no type.

    What it says of numbers that it follows may be wrong, and onnxruntime does not hear it.
    """
    proto = _with_safe_functions(proto)
    complaint = ""
    try:
        try:
            plain = shape_inference.infer_shapes(proto, strict_mode=True)
        except shape_inference.InferenceError as error:
            complaint = str(error)
            plain = shape_inference.infer_shapes(proto)
    except Exception:  # an invalid node: the decoder or its rule reports it better
        return proto, complaint
    with bounded_memory(SPARE_BYTES):  # functions of the model are looked into as well
        try:
            return with_numbers_followed(proto, plain), complaint
        except Exception:
            return plain, complaint


HEADING = r"\(op_type:[^\n]*?, node name: {}(\d+);\): \[\w+InferenceError\] *"
"""The beginning of a message of inference about a node, with our prefix of node names."""

NESTED = "Inference error(s):"
"""The message about a node with subgraphs or a function, before the nodes inside."""


def _faults(complaint: str, mark: str) -> dict[int, str]:
    """Return the reasons why nodes were rejected, by node number."""
    _, *parts = re.split(HEADING.format(mark), complaint)
    # A reason repeats our name of the node: "in node Cast (node 41bee18590973211 0;)".
    plain = (re.sub(rf" ?\(?{mark}\d+;\)?", "", part).strip() for part in parts[1::2])
    reasons = zip(map(int, parts[::2]), plain)
    return {
        number: reason.splitlines()[0]
        for number, reason in reasons
        if reason and not reason.startswith(NESTED)
    }


def _hide(proto: onnx.ModelProto) -> set[int]:
    """Hide nodes from inference; return those that it may see once more types are known.

    It would also stop at an operator removed from ONNX, and read beyond the end of a shape.
    """
    version = next(o.version for o in proto.opset_import if not o.domain)
    waiting = set()
    for index, node in enumerate(nodes_of(proto.graph)):
        dropped = not node.domain and not onnx.defs.has(node.op_type, version, "")
        needs_types = operator_traits(node.domain, node.op_type).needs_types
        if needs_types and not dropped:
            waiting.add(index)
        if dropped or needs_types or _reads_beyond(node, {}):
            node.domain = UNKNOWN
    _import_unknown(proto.opset_import)
    return waiting


def _import_unknown(opsets: Any) -> None:
    if all(entry.domain != UNKNOWN for entry in opsets):
        opsets.append(onnx.helper.make_opsetid(UNKNOWN, 1))


def _reads_beyond(node: onnx.NodeProto, passed: Mapping[str, list[int]]) -> bool:
    name, least = operator_traits(node.domain, node.op_type).index or ("", 0)
    return any(
        not least <= index <= MAX_RANK
        for attribute in node.attribute
        if attribute.name == name
        for index in passed.get(attribute.ref_attr_name, [attribute.i])
    )


def _typed(graph: onnx.GraphProto, outer: frozenset[str]) -> Iterator[bool]:
    """Yield of each node, in the order of :func:`nodes_of`, if its inputs' types are known."""
    values = (*graph.input, *graph.output, *graph.value_info)
    typed = {value.name for value in values if value.type.WhichOneof("value")}
    known = {value.name for value in graph.input} & typed | outer
    known |= {tensor.name for tensor in graph.initializer}
    nested: list[tuple[onnx.GraphProto, frozenset[str]]] = []
    for node in graph.node:
        yield all(name in known for name in node.input)
        for attribute in node.attribute:
            inside = [*attribute.graphs, *([attribute.g] * attribute.HasField("g"))]
            nested += [(each, frozenset(known)) for each in inside]
        known |= typed & set(node.output)
    for each, names in nested:
        yield from _typed(each, names)


def _may_be_unsafe(node: onnx.NodeProto) -> bool:
    is_prelu = node.op_type == "PRelu" and not node.domain
    return is_prelu or operator_traits(node.domain, node.op_type).unsafe


def _with_safe_functions(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model whose functions have no node that is unsafe for inference."""
    inside = [node for f in proto.functions for node in nodes_of(f)]
    if not any(_may_be_unsafe(node) for node in inside):
        return proto
    passed: dict[str, list[int]] = {}
    for holder in (*proto.functions, *inside, *nodes_of(proto.graph)):
        is_function = isinstance(holder, onnx.FunctionProto)
        for each in holder.attribute_proto if is_function else holder.attribute:
            index = BEYOND if each.ref_attr_name else each.i
            passed.setdefault(each.name, []).append(index)

    def is_dangerous(node: onnx.NodeProto) -> bool:
        traits = operator_traits(node.domain, node.op_type)
        return traits.needs_types or _reads_beyond(node, passed)

    if not any(is_dangerous(n) or n.op_type == "PRelu" for n in inside):
        return proto
    safe = onnx.ModelProto()
    safe.CopyFrom(proto)
    for function in safe.functions:
        _stand_in(nodes_of(function), function.opset_import)
        for node in filter(is_dangerous, nodes_of(function)):
            node.domain = UNKNOWN
        _import_unknown(function.opset_import)
    return safe
