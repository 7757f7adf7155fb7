"""Types that follow from what the passes found out: ONNX's own inference, node by node.

The decoder infers the types of the whole graph once, with the constants of the file. What a pass
folds or learns afterwards says more: pads that were computed, a shape behind a branch taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..decode.definitions import output_types
from ..ir.graph import Node
from ..ir.types import TensorType, ValueType


def infer(
    node: Node, types: dict[str, ValueType], constants: Mapping[str, np.ndarray]
) -> frozenset[str]:
    """Note what is not known yet of the types of a node's results; return which say more now."""
    inferred = output_types(node, types, constants)
    better = {name: refined(types.get(name), kind) for name, kind in inferred.items()}
    changed = frozenset(n for n, kind in better.items() if kind != types.get(n))
    types.update((name, better[name]) for name in changed)
    return changed


def is_open(kind: ValueType | None) -> bool:
    """Whether a length of a tensor, its rank or the type of a value is not known."""
    if kind is None:
        return True
    return isinstance(kind, TensorType) and (kind.shape is None or None in kind.shape)


def has_no_rank(kind: ValueType | None) -> bool:
    """Whether not even the rank of a tensor is known, or no type."""
    return kind is None or (isinstance(kind, TensorType) and kind.shape is None)


def refined(known: ValueType | None, other: ValueType) -> ValueType:
    """Return a type with the lengths that only the other knows; what is known stays."""
    if known is None:
        return other
    if not isinstance(known, TensorType) or not isinstance(other, TensorType):
        return known
    if known.dtype != other.dtype or other.shape is None:
        return known
    if known.shape is None:
        return other
    if len(known.shape) != len(other.shape):
        return known
    lengths = (b if a is None else a for a, b in zip(known.shape, other.shape))
    return replace(known, shape=tuple(lengths))
