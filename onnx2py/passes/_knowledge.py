"""What is known of values: their shapes, and the integers that shapes are computed from."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..ir.graph import Node
from ..ir.sums import Sum
from ..ir.types import Dim, TensorType, ValueType
from ..traits.operator import BROADCAST
from ..traits.operators import operator_traits
from . import _shape_rules as rules
from ._dtypes import note_element_types
from ._inference import has_no_rank, infer, is_open
from ._microsoft_shapes import shapes_of, stand_in
from ._shape_rules import AtMost, Elements, Lengths

MICROSOFT = "com.microsoft"
MOST_ELEMENTS = 16
"""Of integers that are followed: shapes are no longer."""
INTEGERS = (np.int64, np.int32)
EXACT = ("int64", "bool")
"""The types in which lengths are computed: arithmetic in int32 might overflow."""


@dataclass
class Knowledge:
    """Types and constants of a graph, and what follows from them node by node."""

    types: dict[str, ValueType]
    constants: dict[str, np.ndarray]
    computed: dict[str, Elements] = field(default_factory=dict, init=False)
    news: set[str] = field(default_factory=set, init=False)
    """Values of whose types more is known than before."""
    taken: set[str] = field(default_factory=set, init=False)
    """The symbols of the file."""

    def __post_init__(self) -> None:
        for kind in self.types.values():
            shape = kind.shape if isinstance(kind, TensorType) else None
            for n in shape or ():
                if isinstance(n, str) and not isinstance(n, (Sum, AtMost)):
                    self.taken.add(n)

    def learn(self, node: Node) -> None:
        """Note what is known of a node's results."""
        if not node.outputs:
            return
        self.complete(node)
        if node.domain:
            return
        if node.operator == "Split":
            self.split(node)
        self.note(node.outputs[0], self.shape(node))
        elements = self.elements_made(node)
        if elements is not None and len(elements) <= MOST_ELEMENTS:
            self.computed[node.outputs[0]] = self.named(elements)

    def complete(self, node: Node) -> None:
        """Note what ONNX's inference or the tables say of results that are open."""
        kinds = [self.types.get(name) for name in node.outputs if name]
        if not any(map(is_open, kinds)):
            return
        if any(map(has_no_rank, kinds)) or not self.news.isdisjoint(node.inputs):
            self.news |= infer(stand_in(node), self.types, self.constants)
            note_element_types(node, self.types)
            if node.domain == MICROSOFT:
                for name, shape in zip(node.outputs, shapes_of(node, self.lengths)):
                    self.note(name, shape)

    def lengths(self, name: str) -> Lengths:
        """Return the shape of a value."""
        kind = self.types.get(name)
        return kind.shape if isinstance(kind, TensorType) else None

    def elements(self, name: str) -> Elements:
        """Return the integers in a tensor of one axis or none."""
        array = self.constants.get(name)
        if array is None:
            return self.computed.get(name)
        if array.dtype not in INTEGERS or array.ndim > 1 or array.size > MOST_ELEMENTS:
            return None
        return tuple(array.reshape(-1).tolist())

    def numbers(self, name: str) -> tuple[int, ...] | None:
        """Return the elements of a tensor if they are all numbers."""
        found = self.elements(name)
        numbers = tuple(n for n in found or () if isinstance(n, int))
        return numbers if found is not None and len(numbers) == len(found) else None

    def wanted(self, name: str) -> Elements:
        """Return the lengths that a tensor lists, None for each if only their count is known."""
        elements, shape = self.elements(name), self.lengths(name)
        if elements is not None or shape is None or len(shape) != 1:
            return elements
        (count,) = shape
        fits = isinstance(count, int) and count <= MOST_ELEMENTS
        return (None,) * count if isinstance(count, int) and fits else None

    def note(self, name: str, shape: Lengths) -> None:
        """Y1."""
        kind = self.types.get(name)
        if shape is None or not isinstance(kind, TensorType):
            return
        shape = self.named(shape)
        if kind.shape is not None and len(kind.shape) == len(shape):
            shape = tuple(b if a is None else a for a, b in zip(kind.shape, shape))
        elif kind.shape is not None:
            return
        if shape != kind.shape:
            self.news.add(name)
        self.types[name] = replace(kind, shape=shape)

    def named(self, lengths: tuple[Dim, ...]) -> tuple[Dim, ...]:
        """Forget sums that are spelt as a symbol of the file's, which may be anything."""
        return tuple(
            None if isinstance(n, (Sum, AtMost)) and str(n) in self.taken else n
            for n in lengths
        )

    def shape(self, node: Node) -> Lengths:
        """Return the shape of the first result, as far as it is known."""
        inputs = [self.lengths(name) for name in node.inputs]
        if not inputs or node.version < 7:
            return None
        operator, given = node.operator, node.attributes
        traits = operator_traits("", operator)
        if traits.keeps_shape:
            return inputs[0]
        if traits.shape == BROADCAST:
            return rules.broadcast(inputs)
        if operator in ("MatMul", "MatMulInteger"):
            return rules.matmul(inputs[0], inputs[1])
        if operator == "Gather":
            axis: Any = given.get("axis", 0)
            return rules.gather(inputs[0], inputs[1], axis)
        if operator == "Transpose":
            return rules.transposed(inputs[0], given.get("perm"))
        if operator == "Concat":
            along: Any = given["axis"]
            return rules.concatenated(inputs, along)
        if operator == "Reshape":
            allowzero = bool(given.get("allowzero", 0))
            wanted = self.wanted(node.inputs[1])
            return rules.reshaped(inputs[0], wanted, allowzero)
        if operator == "Unsqueeze":
            return rules.unsqueezed(inputs[0], self.axes(node))
        if operator in ("Squeeze", "ReduceMean", "ReduceMax"):
            keep = operator != "Squeeze" and bool(given.get("keepdims", 1))
            return rules.reduced(inputs[0], self.axes(node), keep)
        if operator == "Gemm":
            plain = not given.get("transA", 0) and not given.get("transB", 0)
            return rules.matmul(inputs[0], inputs[1]) if plain else None
        if operator == "Range":
            return rules.counted(*(self.elements(name) for name in node.inputs))
        if operator == "Expand":
            wanted = self.wanted(node.inputs[1])
            if any(isinstance(n, int) and n < 0 for n in wanted or ()):
                return None
            return rules.broadcast((inputs[0], wanted))
        if operator == "ConstantOfShape":
            return self.wanted(node.inputs[0])
        return self.sliced(node) if operator == "Slice" else None

    def split(self, node: Node) -> None:
        """Note that the parts of a tensor have its lengths, but for one axis."""
        whole = self.lengths(node.inputs[0])
        axis: Any = node.attributes.get("axis", 0)
        for name in node.outputs if whole else ():
            kind = self.types.get(name)
            part = kind.shape if isinstance(kind, TensorType) else None
            if whole and part is not None and len(part) == len(whole):
                at = axis % len(whole)
                self.note(name, (*whole[:at], part[at], *whole[at + 1 :]))

    def axes(self, node: Node) -> Any:
        """Return axes that are an attribute, or an input of constants."""
        axes = node.attributes.get("axes")
        if axes is None and len(node.inputs) > 1:
            axes = self.numbers(node.inputs[1])
        return axes

    def slices(self, node: Node) -> tuple[Elements, ...] | None:
        """Return starts, ends and axes of Slice if its steps are 1."""
        starts, ends, axes, steps = (
            self.elements(name) if name else None
            for name in (*node.inputs[1:], "", "", "", "")[:4]
        )
        if node.version < 10 or starts is None or ends is None:
            return None
        if any(node.inputs[4:]) and set(steps or (None,)) != {1}:
            return None
        if any(node.inputs[3:4]) and axes is None:
            return None
        return starts, ends, axes if axes is not None else tuple(range(len(starts)))

    def sliced(self, node: Node) -> Lengths:
        """Return the shape of a slice: other axes stay, the first n of some are known."""
        found = self.lengths(node.inputs[0])
        known = self.slices(node)
        if found is None or known is None:
            return None
        shape = list(found)
        for start, end, axis in zip(*(each or () for each in known)):
            if not isinstance(axis, int) or not shape:
                return None
            length = shape[axis]
            both = isinstance(start, int) and isinstance(end, int)
            if both and isinstance(length, int):
                shape[axis] = len(range(length)[slice(start, end)])
            elif start == 0 and isinstance(length, int):
                shape[axis] = rules.AtMost.of(end, length)
            else:
                shape[axis] = None
        return tuple(shape)

    def is_flat(
        self, node: Node, dtypes: Container[str] = ("int64", "bool", "int32")
    ) -> bool:
        """Whether the result is a number or a list of them, of integers or truths."""
        kind = self.types.get(node.outputs[0])
        if not isinstance(kind, TensorType) or kind.dtype not in dtypes:
            return False
        return kind.shape is not None and len(kind.shape) <= 1

    def elements_made(self, node: Node) -> Elements:
        """Return the integers that a node picks or puts together."""
        given: Any = node.attributes
        if node.operator == "Shape" and node.inputs:
            shape = self.lengths(node.inputs[0])
            end = given.get("end")
            return None if shape is None else shape[given.get("start", 0) : end]
        first = self.elements(node.inputs[0]) if node.inputs else None
        if node.operator == "Concat":
            parts = [self.elements(name) for name in node.inputs]
            if any(part is None for part in parts):
                return None
            return tuple(n for part in parts for n in part or ())
        if node.operator in rules.ARITHMETIC and self.is_flat(node, EXACT):
            return rules.computed(node.operator, first, self.elements(node.inputs[1]))
        if node.operator == "Where" and self.is_flat(node):
            return rules.chosen(*(self.elements(name) for name in node.inputs))
        if first is None:
            return None
        if node.operator in ("Identity", "Squeeze", "Unsqueeze", "Reshape"):
            return first if self.is_flat(node) else None
        if node.operator == "Cast":
            return first if given.get("to") in (6, 7) else None
        if node.operator == "Gather":
            indices = self.numbers(node.inputs[1])
            fits = indices is not None and all(
                -len(first) <= i < len(first) for i in indices
            )
            return tuple(first[i] for i in indices or ()) if fits else None
        known = self.slices(node) if node.operator == "Slice" else None
        if known is None or len(known[0] or ()) != 1:
            return None
        (start,), (end,) = known[0] or (None,), known[1] or (None,)
        if not isinstance(start, int) or not isinstance(end, int):
            return None
        return first[start:end]
