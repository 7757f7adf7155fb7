"""Lengths that several inputs share by name, and that may differ all the same.

ONNX says that equal names are equal lengths. onnxruntime does not look, and files call the
words of a question and those of an answer alike. Where inference knows no less of a graph
when each input has a name of its own, the compiler uses those: nothing relies on equality.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Container, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import onnx

from ..errors import Onnx2pyError
from ..ir.graph import Graph
from ..ir.types import TensorType, ValueType
from ..load import LoadedModel
from . import DecodedModel, decode
from .inlining import HasRule
from .symbols import symbol
from .walk import graphs_of


@dataclass(frozen=True)
class Apart:
    """A graph in which inputs that share a length by name have one name each."""

    graph: Graph
    names: Mapping[str, str]
    """What the file calls each length."""
    free: frozenset[str]
    """The names of the file whose lengths may differ between inputs."""


def shared_lengths(proto: onnx.ModelProto) -> set[str]:
    """Return the names of lengths that several inputs have."""
    of_inputs = [{d.dim_param for d in _dims(v.type)} for v in proto.graph.input]
    names = set().union(*of_inputs) - {""}
    return {name for name in names if sum(name in dims for dims in of_inputs) > 1}


def decode_apart(
    loaded: LoadedModel, decoded: DecodedModel, has_rule: HasRule
) -> Apart | None:
    """Decode a model again with lengths apart, None if no two of them may differ.

    Parameters
    ----------
    loaded : the model as it was read, before :func:`decode` prepared it
    decoded : what :func:`decode` made of it
    has_rule : as for :func:`decode`
    """
    names = shared_lengths(loaded.proto)
    for _ in range(2 if names else 0):  # all, then those that nothing is lost by
        try:
            again = _decoded_apart(loaded, names, has_rule)
        except Onnx2pyError:
            return None
        renamed = _names_of(again.graph, decoded.graph)
        needed = _needed(decoded, again, renamed)
        free = {name for name in names if (symbol(name) or name) not in needed}
        if free == names:
            shown = frozenset(symbol(name) or name for name in names)
            return Apart(again.graph, renamed, shown)
        if not free:
            return None
        names = free
    return None


def _decoded_apart(
    loaded: LoadedModel, names: Collection[str], has_rule: HasRule
) -> DecodedModel:
    proto = onnx.ModelProto()
    proto.CopyFrom(loaded.proto)
    _part(proto.graph, names)
    for graph in graphs_of(proto.graph):  # what else the file says may mean any of them
        inner = () if graph is proto.graph else graph.input
        for value in (*graph.value_info, *graph.output, *inner):
            for dim in _dims(value.type):
                if dim.dim_param in names:
                    dim.Clear()
    return decode(replace(loaded, proto=proto), has_rule)


def _part(graph: onnx.GraphProto, names: Collection[str]) -> None:
    """Name lengths of inputs apart: the first ``s`` stays, others are ``s_2``, ``s_3`` ..."""
    shapes = [list(_dims(value.type)) for value in graph.input]
    known = {dim.dim_param for dims in shapes for dim in dims}
    seen: set[str] = set()
    for dims in shapes:
        here = {dim.dim_param for dim in dims} & set(names)
        new = {name: _new_name(name, known) for name in sorted(here & seen)}
        known.update(new.values())
        seen |= here
        for dim in dims:
            if dim.dim_param in new:
                dim.dim_param = new[dim.dim_param]


def _new_name(name: str, known: Container[str]) -> str:
    names = (f"{name}_{count}" for count in itertools.count(2))
    return next(new for new in names if new not in known)


def _dims(proto: onnx.TypeProto) -> Iterator[Any]:
    """Yield the lengths of a tensor, or of one that may be none."""
    if proto.WhichOneof("value") == "optional_type":
        proto = proto.optional_type.elem_type
    if proto.WhichOneof("value") == "tensor_type":
        yield from proto.tensor_type.shape.dim


def _names_of(graph: Graph, as_in_file: Graph) -> dict[str, str]:
    """Return the symbol in the file of each length of the inputs."""
    found: dict[str, str] = {}
    for name in graph.inputs:
        pairs = zip(_shape(graph, name), _shape(as_in_file, name))
        found.update((a, b) for a, b in pairs if isinstance(a, str))
    return found


def _needed(
    decoded: DecodedModel, again: DecodedModel, names: Mapping[str, str]
) -> set[str]:
    """Return the lengths of which less is known once they are apart."""
    needed: set[str] = set()
    read = {name for node in decoded.graph.walk() for name in node.inputs}
    for name, kind in decoded.graph.types.items():
        if name in decoded.declared and name not in read:
            continue
        if _renamed(again.graph.types.get(name), names) != kind:
            needed.update(_differences(decoded.graph, again.graph, name, names))
    return needed


def _differences(
    graph: Graph, again: Graph, name: str, names: Mapping[str, str]
) -> Iterator[str]:
    """Yield the names of lengths of a value that are not known apart."""
    shape, other = _shape(graph, name), _shape(again, name)
    if len(shape) != len(other):
        yield from (dim for dim in shape if isinstance(dim, str))
    for dim, apart in zip(shape, other):
        if dim != names.get(apart, apart) and isinstance(dim, str):
            yield dim
        elif isinstance(dim, int) and dim != apart:
            yield from names.values()


def _shape(graph: Graph, name: str) -> tuple[Any, ...]:
    kind = graph.types.get(name)
    return kind.shape or () if isinstance(kind, TensorType) else ()


def _renamed(kind: ValueType | None, names: Mapping[str, str]) -> Any:
    """Return a type with other names of lengths."""
    if not isinstance(kind, TensorType) or kind.shape is None:
        return kind
    shape = (names.get(d, d) if isinstance(d, str) else d for d in kind.shape)
    return replace(kind, shape=tuple(shape))
