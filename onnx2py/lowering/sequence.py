"""Sequences and optional values."""

from __future__ import annotations

import numpy as np

from ..ir.program import Call
from ..kernels import sequence as kernels
from .context import NodeContext
from .registry import lowers
from .shape import one_number


@lowers("SequenceConstruct", since=11)
def sequence_construct(node: NodeContext) -> Call:
    """11."""
    tensors = (node.input(i) for i in range(len(node.node.inputs)))
    return node.call(kernels.sequence_construct, *tensors)


@lowers("SequenceEmpty", since=11)
def sequence_empty(node: NodeContext) -> Call:
    """11."""
    node.ignore("dtype")  # a list knows no type
    return node.call(kernels.sequence_empty)


@lowers("SequenceAt", since=11)
def sequence_at(node: NodeContext) -> Call:
    """11."""
    return node.call(kernels.sequence_at, node.input(0), one_number(node, 1))


@lowers("SequenceInsert", since=11)
def sequence_insert(node: NodeContext) -> Call:
    """11."""
    position = one_number(node, 2)
    return node.call(kernels.sequence_insert, node.input(0), node.input(1), position)


@lowers("SequenceErase", since=11)
def sequence_erase(node: NodeContext) -> Call:
    """11."""
    return node.call(kernels.sequence_erase, node.input(0), one_number(node, 1))


@lowers("SequenceLength", since=11)
def sequence_length(node: NodeContext) -> Call:
    """11."""
    return node.call(kernels.sequence_length, node.input(0))


@lowers("SplitToSequence", since=11)
def split_to_sequence(node: NodeContext) -> Call:
    """11, 24: only types were added.

    ``keepdims`` is said to be ignored where lengths are given. Exporters give a single 1
    with it, though, and onnxruntime heeds it then.
    """
    split = node.literal(1) if node.has_input(1) else 1
    return node.call(
        kernels.split_to_sequence,
        node.input(0),
        split,
        axis=node.int("axis", 0),
        keepdims=bool(node.int("keepdims", 1)) or isinstance(split, tuple),
    )


@lowers("ConcatFromSequence", since=11)
def concat_from_sequence(node: NodeContext) -> Call:
    """11."""
    join = np.stack if node.int("new_axis", 0) else np.concatenate
    return node.call(join, node.input(0), axis=node.int("axis"))


@lowers("Optional", since=15)
def optional(node: NodeContext) -> Call:
    """15, 28: only types were added."""
    node.ignore("type")
    return node.call(kernels.optional, node.optional(0))


@lowers("OptionalHasElement", since=15)
def optional_has_element(node: NodeContext) -> Call:
    """15, 28: types were added. 18: the input may be absent."""
    return node.call(kernels.optional_has_element, node.optional(0))


@lowers("OptionalGetElement", since=15)
def optional_get_element(node: NodeContext) -> Call:
    """15, 28: types were added. 18: a value that is no optional passes through."""
    return node.call(kernels.optional_get_element, node.input(0))
