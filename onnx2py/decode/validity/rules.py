"""Rules for the lengths of a node's inputs beyond patterns: one function for each operator.

R1  Reshape: as many elements before as after.
R2  Transpose: ``perm`` names each axis once.
R3  QuantizeLinear, DequantizeLinear: one scale for each place on the axis, or a single one.
R4  ScatterND: the updates have the axes of the indices, but for the last, and those of a part.
R5  Products of matrices of ``com.microsoft``: inner lengths are equal, others can be broadcast.
R6  GroupNormalization: a scale and a bias for each channel; onnxruntime takes a single one too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod

from ...ir.graph import Node
from ...ir.types import Dim, Shape, TensorType, ValueType
from .lengths import broadcasts_together, spelled


@dataclass(frozen=True)
class View:
    """A node with the shapes that are known of its inputs and outputs."""

    node: Node
    types: Mapping[str, ValueType]

    def input(self, place: int) -> Shape:
        """Return the shape of an input."""
        names = self.node.inputs
        return self._shape(names[place]) if place < len(names) else None

    def output(self, place: int) -> Shape:
        """Return the shape of an output."""
        names = self.node.outputs
        return self._shape(names[place]) if place < len(names) else None

    def int(self, name: str, default: int) -> int:
        """Return an integer attribute."""
        value = self.node.attributes.get(name, default)
        return value if isinstance(value, int) else default

    def _shape(self, name: str) -> Shape:
        kind = self.types.get(name)
        return kind.shape if isinstance(kind, TensorType) else None


def elements(shape: Shape) -> int | None:
    """Return the number of elements, None if it is unknown."""
    if shape is None:
        return None
    numbers = [dim for dim in shape if isinstance(dim, int)]
    return prod(numbers) if len(numbers) == len(shape) else None


def reshape(node: View) -> str | None:
    """R1."""
    before, after = elements(node.input(0)), elements(node.output(0))
    if before is None or after is None or before == after:
        return None
    return (
        f"expected as many elements before as after, got {spelled(node.input(0) or ())} "
        f"and {spelled(node.output(0) or ())}"
    )


def transpose(node: View) -> str | None:
    """R2."""
    perm, shape = node.node.attributes.get("perm"), node.input(0)
    if not isinstance(perm, tuple) or shape is None or len(perm) == len(shape):
        return None
    return f"attribute perm: expected {len(shape)} axes, got {list(perm)}"


def scale(node: View) -> str | None:
    """R3."""
    x, scales = node.input(0), node.input(1)
    if x is None or scales is None or node.int("block_size", 0):
        return None
    if len(scales) != 1 or scales[0] == 1 or not isinstance(scales[0], int) or not x:
        return None
    axis = node.int("axis", 1)
    if not -len(x) <= axis < len(x):
        return f"attribute axis: expected one of {len(x)} axes, got {axis}"
    if not isinstance(x[axis], int) or x[axis] == scales[0]:
        return None
    return (
        f"input scale: expected one number, or {x[axis]} for axis {axis} of {spelled(x)}, "
        f"got {scales[0]}"
    )


def scatter_nd(node: View) -> str | None:
    """R4."""
    data, indices, updates = map(node.input, range(3))
    if data is None or not indices or updates is None:
        return None
    depth = indices[-1]
    if not isinstance(depth, int):
        return None
    expected: list[Dim] = [*indices[:-1], *data[depth:]]
    fits = depth <= len(data) and len(expected) == len(updates)
    if fits and not any(
        isinstance(a, int) and isinstance(b, int) and a != b
        for a, b in zip(expected, updates)
    ):
        return None
    return f"input updates: expected {spelled(expected)}, got {spelled(updates)}"


def group_normalization(node: View) -> str | None:
    """R6."""
    x = node.input(0)
    if node.node.version < 21 or x is None or len(x) < 2:
        return None
    for name, shape in (("scale", node.input(1)), ("bias", node.input(2))):
        lengths = {dim for dim in (shape or ())[-1:] if isinstance(dim, int)} - {1}
        if lengths and isinstance(x[1], int) and lengths != {x[1]}:
            return f"input {name}: expected [{x[1]}], got {spelled(shape or ())}"
    return None


def product(first: int, second: int) -> Callable[[View], str | None]:
    """R5: of two inputs, by their places."""

    def rule(node: View) -> str | None:
        a, b = node.input(first), node.input(second)
        if a is None or b is None or len(a) < 2 or len(b) < 2:
            return None
        if any(node.int(name, 0) for name in ("transBatchA", "transBatchB")):
            return None
        inner_a = a[-2] if node.int("transA", 0) else a[-1]
        inner_b = b[-1] if node.int("transB", 0) else b[-2]
        fits = not isinstance(inner_a, int) or not isinstance(inner_b, int)
        if (fits or inner_a == inner_b) and broadcasts_together(a[:-2], b[:-2]):
            return None
        return f"expected factors that can be multiplied, got {spelled(a)} and {spelled(b)}"

    return rule


RULES: dict[str, Callable[[View], str | None]] = {
    "DequantizeLinear": scale,
    "GroupNormalization": group_normalization,
    "QuantizeLinear": scale,
    "Reshape": reshape,
    "ScatterND": scatter_nd,
    "Transpose": transpose,
    **{
        f"com.microsoft.{name}": product(0, 1)
        for name in (
            "DynamicQuantizeMatMul",
            "FusedMatMul",
            "MatMulInteger16",
            "MatMulIntegerToFloat",
            "TransposeMatMul",
        )
    },
}
"""By operator: returns what is wrong, None where nothing is known to be."""
