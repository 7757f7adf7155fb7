"""Inputs with a default: initializers that the graph also lists as inputs.

Up to IR version 3 every file listed all of its weights, and no caller could replace them. Since
then a caller can, but most files that list weights come from an exporter that kept the habit
(PyTorch's ``keep_initializers_as_inputs``), and a weight that can change is neither folded nor
packed at load time. So these inputs become weights unless the options keep them, at every level:
the level changes how a model is computed, not its inputs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import DecodeError
from .ir.types import ELEMENT_TYPES, Dim, Shape, TensorType

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto

UNKNOWN = "?"
"""The element type of a tensor whose number is none of ONNX's."""


@dataclass(frozen=True)
class FixedInput:
    """An input whose default became a weight, with the type that the file declares."""

    name: str
    dtype: str
    shape: Shape


@dataclass(frozen=True)
class Inputs:
    """How the inputs of a file are taken."""

    overridable: frozenset[str] = frozenset()
    """Those with a default that remain inputs: callers may pass other values."""
    fixed: tuple[FixedInput, ...] = ()
    """Those whose default became a weight."""
    listed: tuple[str, ...] = ()
    """All of them, in the order of the file; without what was never an input to callers."""


def settle_defaults(proto: ModelProto, kept: Collection[str] | None) -> Inputs:
    """Remove inputs with a default from a model's inputs.

    Parameters
    ----------
    proto : the model, which is changed
    kept : the names of inputs to leave; None for all

    Raises
    ------
    DecodeError
        If a default is not of the type of its input, or its input is there twice.
    """
    graph = proto.graph
    stored = dict(_stored(graph))
    names = [value.name for value in graph.input]
    defaults = {
        v.name: _checked(v, stored[v.name]) for v in graph.input if v.name in stored
    }
    if proto.ir_version < 4:  # every initializer had to be listed
        return Inputs(listed=tuple(n for n in names if n not in defaults))
    for name, count in Counter(names).items():
        if count > 1 and name in defaults:
            raise DecodeError(
                f"input {name!r}: expected one input of that name, got two"
            )
    fixed = {n: v for n, v in defaults.items() if kept is not None and n not in kept}
    if fixed:
        left = [v.SerializeToString() for v in graph.input if v.name not in fixed]
        del graph.input[:]
        for value in left:
            graph.input.add().ParseFromString(value)
    return Inputs(
        frozenset(defaults.keys() - fixed), tuple(fixed.values()), tuple(names)
    )


def _stored(graph: GraphProto) -> Iterator[tuple[str, TensorType]]:
    for tensor in graph.initializer:
        dtype = ELEMENT_TYPES.get(tensor.data_type, UNKNOWN)
        yield tensor.name, TensorType(dtype, tuple(tensor.dims))
    for sparse in graph.sparse_initializer:
        dtype = ELEMENT_TYPES.get(sparse.values.data_type, UNKNOWN)
        yield sparse.values.name, TensorType(dtype, tuple(sparse.dims))


def _checked(value: Any, stored: TensorType) -> FixedInput:
    """Return an input as the file declares it, if its default is of that type.

    Raises
    ------
    DecodeError
        If it is not.
    """
    tensor = value.type.tensor_type
    dtype, shape = ELEMENT_TYPES.get(tensor.elem_type, stored.dtype), stored.shape
    if tensor.HasField("shape"):
        shape = tuple(map(_dim, tensor.shape.dim))
    if not _fits(stored, TensorType(dtype, shape)):
        raise DecodeError(
            f"input {value.name!r}: expected a default of type "
            f"{TensorType(dtype, shape)}, got {stored}"
        )
    return FixedInput(value.name, dtype, shape)


def _fits(stored: TensorType, declared: TensorType) -> bool:
    lengths, dims = stored.shape or (), declared.shape or ()
    return (
        stored.dtype in (declared.dtype, UNKNOWN)  # reading it says what is wrong
        and len(lengths) == len(dims)
        and all(
            dim == length or not isinstance(dim, int)
            for dim, length in zip(dims, lengths)
        )
    )


def _dim(dim: Any) -> Dim:
    if dim.HasField("dim_value"):
        return int(dim.dim_value) if dim.dim_value >= 0 else None
    return dim.dim_param or None
