"""Scales and shifts move back to the weights that can take them in.

R1  Squeeze, Unsqueeze, Transpose or Reshape that only adds or drops axes of the length 1, of a
    convolution, then BatchNormalization, or Add, Sub, Mul or Div of a constant per channel ->
    the latter first.
R2  Gather of rows of a constant table, then Add, Sub, Mul or Div of a constant per column,
    only read there -> the table is changed.

As tf2onnx writes one-dimensional convolutions, and normalization behind an embedding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from ..ir.graph import Graph, Node
from ..ir.types import Dim, Shape, TensorType, ValueType, tensor_type_of
from .rewrite import Draft, note_also

ARITHMETIC: dict[str, Callable[..., Any]] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": np.divide,
}
LARGEST_TABLE = 1 << 26
"""In bytes: larger ones stay in their file."""


def move_scales(graph: Graph) -> Graph:
    """Apply rule R1 to the main graph."""
    return _moved(graph, of_tables=False)


def scale_tables(graph: Graph) -> Graph:
    """Apply rule R2 to the main graph."""
    return _moved(graph, of_tables=True)


def _moved(graph: Graph, *, of_tables: bool) -> Graph:
    draft = Draft(graph)
    mover = _Mover(draft, dict(graph.types), dict(graph.constants), of_tables)
    for node in graph.nodes:
        draft.add(mover.moved(node) or (node,), instead_of=node)
    return replace(
        graph, nodes=draft.nodes, types=mover.types, constants=mover.constants
    )


@dataclass
class _Mover:
    draft: Draft
    types: dict[str, ValueType]
    constants: dict[str, np.ndarray]
    of_tables: bool
    """Whether to apply rule R2, else R1."""

    def moved(self, node: Node) -> tuple[Node, ...]:
        """Return the replacement of a node, nothing if it stays."""
        if node.domain or len(node.outputs) != 1 or node.version < 7:
            return ()
        if node.operator == "BatchNormalization":
            return () if self.of_tables else self.before_view(node, node.inputs[0])
        if node.operator not in ARITHMETIC or len(node.inputs) != 2:
            return ()
        x, constant = node.inputs
        if x in self.constants and node.operator in ("Add", "Mul"):
            x, constant = constant, x
        if x in self.constants or constant not in self.constants:
            return ()
        if self.of_tables:
            return self.in_table(node, x, constant)
        return self.before_view(node, x)

    def before_view(self, node: Node, x: str) -> tuple[Node, ...]:
        """R1."""
        view = self.only_reader(x)
        inner = self.lengths(view.inputs[0]) if view else None
        if view is None or inner is None or not self.is_convolved(view.inputs[0]):
            return ()
        axes = self.axes(view)
        if axes is None or len(axes) != len(self.lengths(x) or ()):
            return ()
        inputs = [view.inputs[0] if name == x else name for name in node.inputs]
        if node.operator == "BatchNormalization":
            if axes[:2] != (0, 1):
                return ()
        else:
            at = 1 - node.inputs.index(x)
            turned = _turned(self.constants[node.inputs[at]], axes, inner)
            if turned is None:
                return ()
            inputs[at] = self.add(f"{node.outputs[0]}.channels", turned)
        name = f"{node.outputs[0]}.{view.operator.lower()}"
        while name in self.types or name in self.constants:
            name += "_"
        self.types[name] = self.types[view.inputs[0]]
        first = replace(node, inputs=tuple(inputs), outputs=(name,))
        last = replace(view, inputs=(name, *view.inputs[1:]), outputs=node.outputs)
        return first, last

    def in_table(self, node: Node, x: str, constant: str) -> tuple[Node, ...]:
        """R2."""
        gather = self.only_reader(x)
        if gather is None or gather.operator != "Gather" or gather.domain:
            return ()
        table, columns = self.constants.get(gather.inputs[0]), self.constants[constant]
        if table is None or gather.attributes.get("axis", 0) or table.ndim < 2:
            return ()
        if self.draft.uses(gather.inputs[0]) != 1 or table.nbytes > LARGEST_TABLE:
            return ()
        row = table.shape[1:]
        if columns.ndim > len(row) or not _are_floats(table, columns):
            return ()
        if np.broadcast_shapes(row, columns.shape) != row:
            return ()
        with np.errstate(all="ignore"):
            changed = ARITHMETIC[node.operator](table.astype(np.float64), columns)
        if not np.array_equal(np.isfinite(changed), np.isfinite(table)):
            return ()  # 0 as a divisor, or what is infinite: as it would be computed
        name = self.add(f"{node.outputs[0]}.table", changed.astype(table.dtype))
        inputs = (name, *gather.inputs[1:])
        return (note_also(replace(gather, inputs=inputs, outputs=node.outputs), node),)

    def only_reader(self, name: str) -> Node | None:
        """Return the node that makes a value which is read but once."""
        return self.draft.maker(name) if self.draft.uses(name) == 1 else None

    def is_convolved(self, name: str) -> bool:
        """Whether a convolution makes a value, or such arithmetic behind one."""
        while (node := self.only_reader(name)) is not None and not node.domain:
            if node.operator in ("Conv", "ConvTranspose"):
                return True
            others = [n for n in node.inputs if n not in self.constants]
            is_norm = node.operator == "BatchNormalization"
            if not (is_norm or node.operator in ARITHMETIC) or len(others) != 1:
                return False
            name = others[0]
        return False

    def axes(self, view: Node) -> tuple[int | None, ...] | None:
        """Return, for each axis of the result, which of the input's it is; None: a new one."""
        before, after = self.lengths(view.inputs[0]), self.lengths(view.outputs[0])
        if before is None or after is None or view.domain:
            return None
        if view.operator == "Transpose":
            perm: Any = view.attributes.get("perm")
            return tuple(perm) if perm is not None else (*range(len(before))[::-1],)
        if view.operator in ("Squeeze", "Unsqueeze"):
            changed: Any = view.attributes.get("axes")
            if changed is None and len(view.inputs) > 1:
                changed = self.constants.get(view.inputs[1], np.zeros(0)).reshape(-1)
            rank = max(len(before), len(after))
            gone = {int(axis) % rank for axis in (() if changed is None else changed)}
            if view.operator == "Squeeze":
                return tuple(i for i in range(rank) if i not in gone)
            old = iter(range(len(before)))
            return tuple(None if i in gone else next(old) for i in range(rank))
        return _units(before, after) if view.operator == "Reshape" else None

    def lengths(self, name: str) -> Shape:
        """Return the shape of a value."""
        kind = self.types.get(name)
        return kind.shape if isinstance(kind, TensorType) else None

    def add(self, name: str, array: np.ndarray) -> str:
        """Add a constant."""
        while name in self.constants or name in self.types:
            name += "_"
        self.constants[name], self.types[name] = array, tensor_type_of(array)
        return name


def _units(before: Any, after: Any) -> tuple[int | None, ...] | None:
    """Return the axes that Reshape keeps, if it only drops or adds axes of the length 1."""
    axes: list[int | None] = []
    i = 0
    for length in after:
        while i < len(before) and before[i] == 1 != length:
            i += 1
        if i < len(before) and length is not None and before[i] == length:
            axes.append(i)
            i += 1
        elif length == 1:
            axes.append(None)
        else:
            return None
    return tuple(axes) if all(n == 1 for n in before[i:]) else None


def _turned(
    constant: np.ndarray, axes: tuple[int | None, ...], before: tuple[Dim, ...]
) -> np.ndarray | None:
    """Return a constant per channel as it was before the view, None if it is another."""
    if constant.ndim > len(axes):
        return None
    shape = (1,) * (len(axes) - constant.ndim) + constant.shape
    channels = [n for n, axis in zip(shape, axes) if axis == 1]
    if len(channels) != 1 or prod(shape) != channels[0]:
        return None
    if channels[0] not in (1, before[1]):
        return None  # it would enlarge the value
    return constant.reshape(1, -1, *[1] * (len(before) - 2))


def _are_floats(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and a.dtype in (np.float32, np.float64)
