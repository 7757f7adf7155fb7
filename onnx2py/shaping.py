"""Edits of a model's inputs and outputs before it is compiled.

``outputs`` and ``inputs`` select a part of the graph, ``dims`` and ``shapes`` set dynamic
dimensions, ``bind`` turns inputs into constants.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper, shape_inference

from .errors import OptionError, counted
from .ir.types import DTYPES, ELEMENT_TYPES
from .options import DECLARED

Dim = int | str

DIMS, SHAPES = DECLARED["dims"].subject, DECLARED["shapes"].subject
"""What errors call the options."""


@dataclass(frozen=True)
class Shaping:
    """The edits; by default there are none.

    Parameters
    ----------
    outputs : names of values that replace the outputs of the file
    inputs : names of values to use as inputs, in addition to inputs that are still needed
    dims : a length for each symbol
    shapes : a shape for each input: lengths and symbols
    bind : an array or a .npy file for each input to make constant
    """

    outputs: Sequence[str] = ()
    inputs: Sequence[str] = ()
    dims: Mapping[str, int] = field(default_factory=dict)
    shapes: Mapping[str, Sequence[Dim]] = field(default_factory=dict)
    bind: Mapping[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any((self.outputs, self.inputs, self.dims, self.shapes, self.bind))


def shaped(proto: onnx.ModelProto, wanted: Shaping) -> onnx.ModelProto:
    """Return an edited copy of a model.

    Raises
    ------
    OptionError
        If there is no value, input or symbol of a name, or an array has the wrong shape.
    """
    changed = onnx.ModelProto()
    changed.CopyFrom(proto)
    graph = changed.graph
    if wanted.inputs or wanted.outputs:
        _cut(changed, wanted.inputs, wanted.outputs)
    _set_shapes(graph, wanted.shapes)
    _set_dims(graph, wanted.dims)
    for name, value in wanted.bind.items():
        _bind(graph, name, value)
    return changed


# ---------------------------------------------------------------------- cutting


def _cut(proto: onnx.ModelProto, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    graph = proto.graph
    made = [name for node in graph.node for name in node.output if name]
    stored = {t.name for t in graph.initializer}
    stored |= {s.values.name for s in graph.sparse_initializer}
    known = [*(value.name for value in graph.input), *made, *stored]
    for option, names in (("inputs", inputs), ("outputs", outputs)):
        for name in names:
            if name not in known:
                raise _unknown(option, "the name of a value", name, known)
    types = _types(proto)
    for name in inputs:
        if name not in {value.name for value in graph.input}:
            if name not in types:
                raise OptionError(
                    f"inputs: {name}: expected a value whose type is known; "
                    "run onnx.shape_inference on the model first"
                )
            graph.input.append(types[name])
    for node in graph.node:
        node.output[:] = ["" if name in inputs else name for name in node.output]
    if outputs:
        chosen = [types.get(name) or onnx.ValueInfoProto(name=name) for name in outputs]
        del graph.output[:]
        graph.output.extend(chosen)
    _drop_unused(graph)


def _types(proto: onnx.ModelProto) -> dict[str, onnx.ValueInfoProto]:
    """Return the types of values, from the file or as inferred by ONNX."""
    graph = proto.graph
    found = {value.name: value for value in (*graph.value_info, *graph.output)}
    try:
        inferred = shape_inference.infer_shapes(proto, data_prop=True).graph
    except Exception:  # too large or not valid: use the types in the file
        inferred = graph
    for value in (*inferred.value_info, *inferred.output, *graph.input):
        if value.HasField("type"):
            found[value.name] = value
    copies = {}
    for name, value in found.items():
        if value.HasField("type"):
            copies[name] = onnx.ValueInfoProto()
            copies[name].CopyFrom(value)
    return copies


def _drop_unused(graph: onnx.GraphProto) -> None:
    """Drop the nodes, inputs and weights that no output needs."""
    makers = {name: node for node in graph.node for name in node.output if name}
    needed: set[str] = set()
    waiting = [value.name for value in graph.output]
    while waiting:
        name = waiting.pop()
        if name in needed:
            continue
        needed.add(name)
        if name in makers:
            waiting.extend(_reads(makers[name]))
    kept: dict[str, Iterable[Any]] = {
        "node": [n for n in graph.node if any(name in needed for name in n.output)],
        "input": [v for v in graph.input if v.name in needed],
        "initializer": [t for t in graph.initializer if t.name in needed],
        "sparse_initializer": [
            s for s in graph.sparse_initializer if s.values.name in needed
        ],
    }
    for field_name, items in kept.items():
        place = getattr(graph, field_name)
        copies = [type(item).FromString(item.SerializeToString()) for item in items]
        del place[:]
        place.extend(copies)


def _reads(node: onnx.NodeProto) -> Iterator[str]:
    """Yield what a node reads, in its subgraphs too (and the names that these define)."""
    yield from (name for name in node.input if name)
    for attribute in node.attribute:
        for graph in (*attribute.graphs, attribute.g):
            yield from (value.name for value in graph.output)
            for inner in graph.node:
                yield from _reads(inner)


# ---------------------------------------------------------------------- lengths


def _set_shapes(graph: onnx.GraphProto, shapes: Mapping[str, Sequence[Dim]]) -> None:
    for name, shape in shapes.items():
        tensor = _tensor_input(graph, SHAPES, name)
        if tensor.HasField("shape") and len(tensor.shape.dim) != len(shape):
            raise OptionError(
                f"{SHAPES}: {name}: "
                f"expected {counted(len(tensor.shape.dim), 'length')}, got {len(shape)}"
            )
        before = [
            d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim
        ]
        for old, new in zip(before, shape):
            if isinstance(new, int) and (new < 0 or old not in (None, new)):
                expected = "0 or more" if new < 0 else old
                raise OptionError(f"{SHAPES}: {name}: expected {expected}, got {new}")
        del tensor.shape.dim[:]
        tensor.shape.SetInParent()
        for length in shape:
            dim = tensor.shape.dim.add()
            if isinstance(length, int):
                dim.dim_value = length
            else:
                dim.dim_param = length


def _set_dims(graph: onnx.GraphProto, dims: Mapping[str, int]) -> None:
    found = [
        dim
        for value in graph.input
        for dim in value.type.tensor_type.shape.dim
        if dim.HasField("dim_param")
    ]
    known = {dim.dim_param for dim in found}
    for symbol, length in dims.items():
        if symbol not in known:
            raise _unknown(DIMS, "a symbol of an input's shape", symbol, known)
        if length < 0:
            raise OptionError(f"{DIMS}: {symbol}: expected 0 or more, got {length}")
    for dim in found:
        if dim.dim_param in dims:
            dim.dim_value = dims[dim.dim_param]


# ---------------------------------------------------------------------- constants


def _bind(graph: onnx.GraphProto, name: str, value: Any) -> None:
    tensor = _tensor_input(graph, "bind", name)
    kind = ELEMENT_TYPES.get(tensor.elem_type)
    if kind is None:
        raise OptionError(f"bind: {name}: expected an input of a known type")
    array = _array(name, value).astype(DTYPES[kind], copy=False)
    shape = [d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim]
    fits = len(shape) == array.ndim and all(
        length in (None, got) for length, got in zip(shape, array.shape)
    )
    if tensor.HasField("shape") and not fits:
        said = ", ".join("?" if length is None else str(length) for length in shape)
        raise OptionError(
            f"bind: {name}: expected {kind}[{said}], got {list(array.shape)}"
        )
    for place in (graph.input, graph.initializer):
        for i in reversed(range(len(place))):
            if place[i].name == name:
                del place[i]
    graph.initializer.append(numpy_helper.from_array(array, name))


def _array(name: str, value: Any) -> np.ndarray:
    if not isinstance(value, (str, os.PathLike)):
        return np.asarray(value)
    try:
        return np.asarray(np.load(value, allow_pickle=False))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OptionError(f"bind: {name}: cannot read {value}: {reason}") from None


def _tensor_input(
    graph: onnx.GraphProto, option: str, name: str
) -> onnx.TypeProto.Tensor:
    names = [value.name for value in graph.input]
    if name not in names:
        raise _unknown(option, "the name of an input", name, names)
    kind = graph.input[names.index(name)].type
    if not kind.HasField("tensor_type"):
        raise OptionError(f"{option}: {name}: expected a tensor")
    tensor: onnx.TypeProto.Tensor = kind.tensor_type
    return tensor


def _unknown(
    option: str, expected: str, name: str, known: Iterable[str]
) -> OptionError:
    listed = sorted(known)
    near = get_close_matches(name, listed, 3) or (listed if len(listed) <= 8 else [])
    hint = f"; is it {' or '.join(map(repr, near))}?" if near else ""
    return OptionError(f"{option}: expected {expected}, got {name!r}{hint}")
