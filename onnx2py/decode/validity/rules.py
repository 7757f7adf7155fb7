"""Rules for the lengths of a node's inputs beyond patterns: one function for each operator.

R1  Reshape: as many elements before as after.
R2  Transpose: ``perm`` names each axis once.
R3  QuantizeLinear, DequantizeLinear: one scale for each place on the axis, or a single one.
R4  ScatterND: the updates have the axes of the indices, but for the last, and those of a part.
R5  Products of matrices of ``com.microsoft``: inner lengths are equal, others can be broadcast.
R6  GroupNormalization: a scale and a bias for each channel; onnxruntime takes a single one too.
    The channels can be divided into the groups.
R7  LRN: channels, and at least one of them in each window.
R8  ReverseSequence: the batch is the first or second axis, time the other one.

More are in :mod:`.windows`, :mod:`.einsum` and :mod:`.operands`.
"""

from __future__ import annotations

from collections.abc import Callable

from ...ir.types import Dim
from .einsum import einsum
from .lengths import broadcasts_together, spelled
from .operands import block, indices, not_beyond, parts, single, trailing, zero_points
from .view import View, elements
from .windows import convolution, pooling


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
    wrong = zero_points(node)
    if wrong or x is None or scales is None:
        return wrong
    if node.int("block_size", 0):
        return block(node, x, scales)
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
    if depth > len(data):
        return f"input indices: expected at most {len(data)} in a tuple, got {depth}"
    expected: list[Dim] = [*indices[:-1], *data[depth:]]
    fits = len(expected) == len(updates)
    if fits and not any(
        isinstance(a, int) and isinstance(b, int) and a != b
        for a, b in zip(expected, updates)
    ):
        return None
    return f"input updates: expected {spelled(expected)}, got {spelled(updates)}"


def size(node: View) -> str | None:
    """R7."""
    x, given = node.input(0), node.int("size", 1)
    if given < 1:
        return f"attribute size: expected a positive number, got {given}"
    if x is not None and len(x) < 2:
        return f"input X: expected [N, C, ...], got {spelled(x)}"
    return None


def reverse_sequence(node: View) -> str | None:
    """R8."""
    axes = [node.int("batch_axis", 1), node.int("time_axis", 0)]
    if sorted(axes) == [0, 1]:
        return None
    return f"attributes batch_axis, time_axis: expected 0 and 1, got {axes[0]} and {axes[1]}"


def group_normalization(node: View) -> str | None:
    """R6."""
    x = node.input(0)
    groups = node.int("num_groups", 1)
    if groups < 1:
        return f"attribute num_groups: expected a positive number, got {groups}"
    if x is None:
        return None
    if len(x) < 2:
        return f"input X: expected [N, C, ...], got {spelled(x)}"
    if isinstance(x[1], int) and x[1] % groups:
        return f"input X: expected a multiple of {groups} channels, got {spelled(x)}"
    if node.node.version < 21:
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
    "AveragePool": pooling,
    "Clip": single(1, 2),
    "Conv": convolution,
    "ConvInteger": convolution,
    "CumProd": single(1),
    "CumSum": single(1),
    "DFT": trailing(1, 2),
    "DepthToSpace": parts,
    "DequantizeLinear": scale,
    "Einsum": einsum,
    "GatherElements": indices,
    "GroupNormalization": group_normalization,
    "LRN": size,
    "LayerNormalization": not_beyond,
    "LpNormalization": not_beyond,
    "LpPool": pooling,
    "MaxPool": pooling,
    "Pad": single(2),
    "QuantizeLinear": scale,
    "RMSNormalization": not_beyond,
    "Reshape": reshape,
    "ReverseSequence": reverse_sequence,
    "ScatterElements": indices,
    "ScatterND": scatter_nd,
    "SpaceToDepth": parts,
    "STFT": trailing(1, 3),
    "Transpose": transpose,
    "Trilu": single(1),
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
