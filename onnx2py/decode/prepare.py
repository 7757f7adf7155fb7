"""Preparation of a file: one spelling of domains, sorted graphs, functions, symbols."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import onnx
from onnx import inliner

from ..errors import DecodeError, LimitError
from ..ir.order import CycleError, order_of
from ..limits import MAX_NODES
from ..traits.operators import operator_traits

HasRule = Callable[[str, str, int], bool]
"""Whether an operator (domain, name, opset version) can be lowered as it is."""

MAX_DEPTH = 64
"""Maximum nesting of subgraphs."""


def graphs_of(graph: Any, depth: int = 0) -> Iterator[Any]:
    """Yield a graph or function, and all subgraphs inside it."""
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
                yield from graphs_of(subgraph, depth + 1)


def subgraphs_of(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """Yield all subgraphs inside a graph."""
    graphs = graphs_of(graph)
    next(graphs)
    return graphs


def nodes_of(graph: onnx.GraphProto | onnx.FunctionProto) -> Iterator[onnx.NodeProto]:
    """Yield the nodes of a graph or function, and of the subgraphs in it."""
    return (node for each in graphs_of(graph) for node in each.node)


def normalise_domains(proto: onnx.ModelProto) -> None:
    """Spell ONNX's own domain in one way: ``ai.onnx`` is another name of ""."""
    items: list[Any] = [*nodes_of(proto.graph), *proto.opset_import]
    for function in proto.functions:
        items += [*nodes_of(function), *function.opset_import]
    for item in items:
        if item.domain == "ai.onnx":
            item.domain = ""


def sort_graphs(proto: onnx.ModelProto) -> None:
    """Sort the nodes of all graphs topologically, as inference requires."""
    for graph in graphs_of(proto.graph):
        producer = {
            name: i for i, n in enumerate(graph.node) for name in n.output if name
        }
        needs = [
            {producer[name] for name in _reads(node) if name in producer}
            for node in graph.node
        ]
        try:
            order = order_of(needs)
        except CycleError:
            continue  # the decoder reports it
        if order != list(range(len(order))):
            nodes = [
                onnx.NodeProto.FromString(graph.node[i].SerializeToString())
                for i in order
            ]
            del graph.node[:]
            graph.node.extend(nodes)


def _reads(node: onnx.NodeProto) -> Iterator[str]:
    """Yield the names that a node may read, its subgraphs included."""
    yield from node.input
    if any(a.HasField("g") or a.graphs for a in node.attribute):
        for inner in subgraphs_of(onnx.GraphProto(node=[node])):
            made = {name for each in inner.node for name in each.output}
            made.update(value.name for value in inner.input)
            names = {name for each in inner.node for name in each.input}
            names.update(value.name for value in inner.output)
            yield from names - made


def opsets_of(proto: onnx.ModelProto) -> dict[str, int]:
    """Return the opset version of each domain; ONNX's own is always among them."""
    opsets: dict[str, int] = {}
    for entry in proto.opset_import:
        if opsets.setdefault(entry.domain, entry.version) != entry.version:
            raise DecodeError(
                f"opset of {entry.domain or 'ai.onnx'}: expected one version, got "
                f"{opsets[entry.domain]} and {entry.version}"
            )
    for domain, version in opsets.items():
        if not (0 if domain else 1) <= version < 1 << 31:
            raise DecodeError(
                f"opset of {domain or 'ai.onnx'}: expected a version from 1 on, got {version}"
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


def with_bodies(
    proto: onnx.ModelProto, opsets: Mapping[str, int], has_rule: HasRule
) -> onnx.ModelProto:
    """Replace operators without a rule by the functions that define them, if any."""
    bodies = wanted_bodies(proto, opsets, has_rule)
    if not bodies:
        return proto
    try:
        return inliner.inline_selected_functions(proto, bodies, False, True)
    except Exception as error:  # the C++ inliner has no error type of its own
        raise DecodeError(
            f"functions: they cannot be inlined: {_first_line(error)}"
        ) from None


def part_repeated_symbols(proto: onnx.ModelProto) -> None:
    """Rename a symbol that occurs twice in the shape of one input.

    Converters write ``[n, 3, dim, dim]`` for images that need not be square, and onnxruntime
    accepts these: the two must not be assumed to be equal.
    """
    shapes = [value.type.tensor_type.shape.dim for value in proto.graph.input]
    known = {dim.dim_param for dims in shapes for dim in dims}
    for dims in shapes:
        seen: set[str] = set()
        for dim in dims:
            name, count = dim.dim_param, 1
            if name and name in seen:
                while dim.dim_param in known:
                    count += 1
                    dim.dim_param = f"{name}_{count}"
                known.add(dim.dim_param)
            seen.add(dim.dim_param)


def wanted_bodies(
    proto: onnx.ModelProto, opsets: Mapping[str, int], has_rule: HasRule
) -> list[tuple[str, str]]:
    """Return the operators to replace by the functions that define them."""
    found: dict[tuple[str, str], None] = {}
    local = {(function.domain, function.name) for function in proto.functions}
    for node in nodes_of(proto.graph):
        if (node.domain, node.op_type) in local:
            continue
        version = opsets.get(node.domain, 1)
        # A subgraph that no rule writes as a function: ONNX's function is used.
        has_body = any(attribute.HasField("g") for attribute in node.attribute)
        open_body = has_body and not operator_traits(node.domain, node.op_type).bodies
        missing = open_body or not has_rule(node.domain, node.op_type, version)
        if missing and onnx.defs.has(node.op_type, version, node.domain):
            schema: Any = onnx.defs.get_schema(node.op_type, version, node.domain)
            if schema.has_function or schema.has_context_dependent_function:
                found[node.domain, node.op_type] = None
    return list(found)


def check_functions(proto: onnx.ModelProto) -> None:
    """Reject functions that call themselves, directly or not, or whose expansion is too large.

    Raises
    ------
    DecodeError
        If there is one. ONNX's own inference would not terminate.
    """
    Key = tuple[str, str, str]
    calls: dict[Key, list[Key]] = {
        (f.domain, f.name, f.overload): [_key(n) for n in nodes_of(f)]
        for f in proto.functions
    }
    sizes: dict[Key, int] = {}
    depths: dict[Key, int] = {}
    while len(sizes) < len(calls):
        ready = [
            name
            for name, callees in calls.items()
            if name not in sizes and all(c in sizes for c in callees if c in calls)
        ]
        if not ready:
            name = min(set(calls) - set(sizes))[1]
            raise DecodeError(
                f"local function {name!r}: expected no recursion, but it calls itself"
            )
        for key in ready:
            sizes[key] = sum(sizes.get(callee, 1) for callee in calls[key])
            depths[key] = 1 + max((depths.get(c, 0) for c in calls[key]), default=0)
    total = sum(sizes.get(_key(n), 0) for n in nodes_of(proto.graph))
    if total > MAX_NODES or max(depths.values(), default=0) > MAX_DEPTH:
        raise DecodeError(
            f"functions: expected at most {MAX_NODES:,} nodes in all calls together, and "
            f"at most {MAX_DEPTH} calls inside each other"
        )


def _key(node: onnx.NodeProto) -> tuple[str, str, str]:
    """Return the key of the function that a node calls: domain, name and overload."""
    return (node.domain, node.op_type, node.overload)


MAX_RANK = 64
"""Maximum number of axes of a NumPy array."""


def check_ranks(proto: onnx.ModelProto) -> None:
    """Reject values with more axes than NumPy supports.

    Raises
    ------
    LimitError
        Which names the first of them.
    """
    values = (*proto.graph.input, *proto.graph.output, *proto.graph.value_info)
    ranks = [(v.name, len(v.type.tensor_type.shape.dim)) for v in values]
    for name, rank in (
        *ranks,
        *((t.name, len(t.dims)) for t in proto.graph.initializer),
    ):
        if rank > MAX_RANK:
            raise LimitError(f"{name!r}: expected at most {MAX_RANK} axes, got {rank}")


def since_version(domain: str, operator: str, version: int) -> int:
    """Return the version of the operator's definition that an opset uses."""
    if onnx.defs.has(operator, version, domain):
        return int(onnx.defs.get_schema(operator, version, domain).since_version)
    return version


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
