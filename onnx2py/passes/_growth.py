"""What a node makes of constants, before it is computed: how many bytes, in how many steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, isfinite, prod

import numpy as np

from ..decode.definitions import output_types
from ..ir.graph import Node
from ..ir.types import DTYPES, TensorType, ValueType, tensor_type_of
from ..traits.operators import operator_traits

FEW = 1000
"""Number of elements of several inputs that may be combined to a result of unknown size."""


@dataclass(frozen=True)
class Foreseen:
    """What computing a node takes; ``size`` is None where it cannot be much more than before."""

    size: int | None
    steps: int


def bytes_of(array: np.ndarray) -> int:
    """Return the size of an array, with the text of its strings."""
    if array.dtype.kind == "O":
        return array.nbytes + sum(len(str(item)) for item in array.ravel())
    return array.nbytes


def foreseen(
    node: Node, types: Mapping[str, ValueType], values: Mapping[str, np.ndarray]
) -> Foreseen | None:
    """Return the cost of computing a node, None if it is unknown.

    What the file says of the results does not count: it may be wrong.
    """
    known = {**types, **{name: tensor_type_of(array) for name, array in values.items()}}
    inferred = output_types(node, known, values)
    kinds = [inferred.get(name) for name in node.outputs if name]
    shapes = [k.static_shape for k in kinds if isinstance(k, TensorType)]
    read = sum(array.size for array in values.values())
    if node.operator == "Range" and not node.domain:  # of which ONNX does not say it
        length = _range_length([values[name] for name in node.inputs])
        return None if length is None else Foreseen(8 * length, length)
    if len(shapes) < len(kinds) or None in shapes:
        several = sum(array.size > 1 for array in values.values()) > 1
        if operator_traits(node.domain, node.operator).grows or several and read > FEW:
            return None
        return Foreseen(None, _steps(node, values, read))
    made, size = 0, 0
    for kind, shape in zip(kinds, shapes):
        assert isinstance(kind, TensorType) and shape is not None
        width = DTYPES[kind.dtype].itemsize
        if kind.dtype == "string":
            width += sum(_longest(array) for array in values.values())
        made += prod(shape)
        size += prod(shape) * width
    return Foreseen(size, _steps(node, values, read + made))


def _range_length(inputs: list[np.ndarray]) -> int | None:
    if len(inputs) != 3 or any(array.size != 1 for array in inputs):
        return None
    start, limit, delta = (float(array.item()) for array in inputs)
    if not delta or not all(map(isfinite, (start, limit, delta))):
        return None
    length = (limit - start) / delta
    return max(ceil(length), 0) if isfinite(length) else None


def _longest(array: np.ndarray) -> int:
    strings = array.ravel() if array.dtype.kind == "O" else ()
    return max((len(str(item)) for item in strings), default=0)


def _steps(node: Node, values: Mapping[str, np.ndarray], elements: int) -> int:
    """Return the approximate number of steps of a node with these numbers of elements."""
    arrays = [values.get(name) for name in node.inputs]
    shapes = [array.shape for array in arrays if array is not None]
    if node.operator == "Einsum":
        return max(elements, _products(node, values))
    if "MatMul" in node.operator or node.operator == "Gemm":
        return elements * max((max(s, default=1) for s in shapes), default=1)
    if "Conv" in node.operator:
        weights = [prod(s[1:]) for s in shapes if len(s) > 2]
        return elements * max(weights, default=1)
    kernel = node.attributes.get("kernel_shape")
    if isinstance(kernel, tuple) and all(isinstance(n, int) for n in kernel):
        return elements * max(prod(kernel), 1)
    return elements


def _products(node: Node, values: Mapping[str, np.ndarray]) -> int:
    """Return how many products an Einsum takes at most: of all lengths."""
    equation = node.attributes.get("equation")
    lengths: dict[str, int] = {}
    terms = str(equation).replace(" ", "").partition("->")[0].split(",")
    for name, term in zip(node.inputs, terms):
        shape = values[name].shape if name in values else ()
        letters = term.replace("...", "")
        lengths.update(zip(letters[::-1], shape[::-1]))
    return prod(lengths.values())
