"""Shapes that follow from numbers: ONNX's inference, kept from numbers without end.

Inference follows the numbers in lists, of which lengths are computed, and makes an object of
each. A list may be as long as a model says: of 2**40 numbers, it would take all memory, and
it ends the process where memory is short. So nodes that would make such objects are hidden
from inference until the lengths of their lists are known, and for good if that is too much.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import onnx
from onnx import helper, shape_inference

HIDDEN = "onnx2py.hidden"
"""The domain of nodes while they are hidden, but for those of :data:`ARITHMETIC`."""

ARITHMETIC = frozenset(("Add", "Mul", "Sub"))
"""Operators whose results have the types of Div's, of which no numbers are followed."""

OPERATORS = frozenset(
    ("Add", "Cast", "Concat", "Gather", "Mul", "Slice", "Squeeze", "Sub", "Unsqueeze")
)
"""Operators of ONNX whose numbers inference follows from list to list."""

OF_FIRST = frozenset(("Cast", "Slice", "Squeeze", "Unsqueeze"))
"""Those that make a list of their first input's numbers."""

MOST = 1 << 20
"""How many numbers are followed in all: inference takes about 150 bytes for each."""

INTEGERS = (onnx.TensorProto.INT32, onnx.TensorProto.INT64)
NOT_FOLLOWED = -1
"""For the count of numbers of a value that has more axes, or other elements."""

ROUNDS = 64
"""How often inference is called again for nodes that were hidden."""


def with_numbers_followed(
    proto: onnx.ModelProto, plain: onnx.ModelProto
) -> onnx.ModelProto:
    """Infer types and shapes by following numbers; ``plain`` is what is known without them."""
    model = onnx.ModelProto()
    model.CopyFrom(proto)
    model.opset_import.append(helper.make_opsetid(HIDDEN, 1))
    constants = {tensor.name: tensor for tensor in proto.graph.initializer}
    hidden: dict[int, str] = {}
    left = MOST
    for node in _Typed(plain, constants).nodes(model.graph, {}):
        if node.count is None or node.count > left:
            hidden[node.index] = node.proto.op_type
            _hide(node.proto)
        else:
            left -= node.count
    inferred = shape_inference.infer_shapes(model, data_prop=True)
    for _ in range(ROUNDS if hidden else 0):
        before = dict(hidden)
        for node in _Typed(inferred, constants).nodes(model.graph, before):
            if node.is_settled and (node.count or 0) <= left:
                node.proto.op_type, node.proto.domain = hidden.pop(node.index), ""
                left -= node.count or 0
        if len(hidden) == len(before):
            break
        inferred = shape_inference.infer_shapes(model, data_prop=True)
    _complete(inferred.graph, plain.graph, proto.graph)
    return inferred


def _hide(node: onnx.NodeProto) -> None:
    if node.op_type in ARITHMETIC:
        node.op_type = "Div"
    else:
        node.domain = HIDDEN


@dataclass(frozen=True)
class _Node:
    index: int
    proto: onnx.NodeProto
    count: int | None
    """How many numbers are followed from it, as far as they are known, None if they may be many."""
    is_settled: bool
    """Whether it is hidden, and as much is known of what it reads as ever will be."""


@dataclass
class _Typed:
    """What inference knows of the values of a model."""

    model: onnx.ModelProto
    constants: Mapping[str, onnx.TensorProto]
    symbols: set[str] = field(default_factory=set)
    """Lengths that inputs have names for: no number will ever be known of them."""
    _number: int = 0

    def __post_init__(self) -> None:
        for value in self.model.graph.input:
            self.symbols.update(d.dim_param for d in value.type.tensor_type.shape.dim)
        self.symbols.discard("")

    def nodes(
        self, graph: onnx.GraphProto, hidden: Mapping[int, str]
    ) -> Iterator[_Node]:
        """Yield the nodes that follow numbers in a graph of the same structure.

        ``hidden`` has the operators of those that are hidden, by their number.
        """
        self._number = 0
        yield from self._nodes(graph, self.model.graph, {}, set(), hidden)

    def _nodes(
        self,
        graph: onnx.GraphProto,
        typed: onnx.GraphProto,
        outer: Mapping[str, onnx.TypeProto],
        unsettled: set[str],
        hidden: Mapping[int, str],
    ) -> Iterator[_Node]:
        values = (*typed.input, *typed.value_info, *typed.output)
        types = {**outer, **{value.name: value.type for value in values}}
        for node, same in zip(graph.node, typed.node):
            index, self._number = self._number, self._number + 1
            waits = not unsettled.isdisjoint(node.input)
            operator = hidden.get(index, "" if node.domain else node.op_type)
            is_hidden = index in hidden
            if operator in OPERATORS:
                count = self._count(operator, node, types)
                is_settled = count is not None or not waits
                yield _Node(index, node, count, is_hidden and is_settled)
                if operator in ARITHMETIC and is_settled and count is None:
                    is_hidden = False  # no number is followed from it, shown or not
            waits |= is_hidden
            for attribute, of_same in zip(node.attribute, same.attribute):
                if attribute.HasField("g"):
                    inside = set(unsettled)
                    yield from self._nodes(
                        attribute.g, of_same.g, types, inside, hidden
                    )
                    waits |= len(inside) > len(unsettled)
            if waits:
                unsettled.update(node.output)

    def _count(
        self, operator: str, node: onnx.NodeProto, types: Mapping[str, Any]
    ) -> int | None:
        """Count the numbers that a node reads; they are followed if all its inputs have such."""
        names = node.input[:1] if operator in OF_FIRST else node.input
        counts = [self._count_of(name, types) for name in names if name]
        if NOT_FOLLOWED in counts:
            return 0
        return None if None in counts else sum(count or 0 for count in counts)

    def _count_of(self, name: str, types: Mapping[str, Any]) -> int | None:
        tensor = self.constants.get(name)
        if tensor is not None:
            is_list = len(tensor.dims) < 2 and tensor.data_type in INTEGERS
            return sum(tensor.dims) if is_list else NOT_FOLLOWED
        value_type = types.get(name)
        if value_type is None or not value_type.tensor_type.HasField("shape"):
            return None
        dims = value_type.tensor_type.shape.dim
        if len(dims) > 1:
            return NOT_FOLLOWED
        if not dims or dims[0].dim_param in self.symbols:
            return 0
        return dims[0].dim_value if dims[0].HasField("dim_value") else None


def _complete(
    graph: onnx.GraphProto, plain: onnx.GraphProto, original: onnx.GraphProto
) -> None:
    """Show hidden nodes, and take what is known without following numbers where no more is."""
    known = {value.name for value in graph.value_info}
    graph.value_info.extend(v for v in plain.value_info if v.name not in known)
    for ours, theirs in zip(graph.output, plain.output):
        if not ours.type.WhichOneof("value"):
            ours.type.CopyFrom(theirs.type)
    for node, typed, first in zip(graph.node, plain.node, original.node):
        node.op_type, node.domain = first.op_type, first.domain
        for each, of_typed, of_first in zip(
            node.attribute, typed.attribute, first.attribute
        ):
            if each.HasField("g"):
                _complete(each.g, of_typed.g, of_first.g)
