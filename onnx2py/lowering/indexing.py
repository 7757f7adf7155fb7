"""Gather and Scatter in all their forms."""

from __future__ import annotations

from math import prod

import numpy as np

from ..ir.program import Argument, Call
from ..kernels import indexing, scatter
from .context import NodeContext
from .registry import lowers

_WORTH_A_VIEW = 4096
"""Elements from which on np.take's copy costs more than the call of a kernel."""


@lowers("Gather")
def gather(node: NodeContext) -> Call:
    """1, 11, 13: only types were added, and negative axes and indices in 11."""
    indices, axis = node.literal(1), node.int("axis", 0)
    if indices == ():
        indices = node.input(1)  # np.take would read () as float64
    plain = _is_array(node) and not (isinstance(indices, int) and _is_large(node, axis))
    function = np.take if plain else indexing.gather
    return node.call(function, node.input(0), indices, axis=axis)


def _is_array(node: NodeContext) -> bool:
    """Whether the result has an axis: else NumPy would return no array but a number."""
    data, indices = node.rank(0), node.rank(1)
    return bool(indices) or (data is not None and data > 1)


def _is_large(node: NodeContext, axis: int) -> bool:
    shape = node.shape(0)
    if shape is None or not -len(shape) <= axis < len(shape):
        return True
    return prod(shape) > _WORTH_A_VIEW * shape[axis]


@lowers("GatherElements", since=11)
def gather_elements(node: NodeContext) -> Call:
    """11, 13: only types were added."""
    axis, data, indices = node.int("axis", 0), node.shape(0), node.shape(1)
    if data and indices and len(data) == len(indices) and -len(data) <= axis:
        other = [i for i in range(len(data)) if i != axis % len(data)]
        if all(data[i] == indices[i] for i in other):
            return node.call(
                np.take_along_axis, node.input(0), node.input(1), axis=axis
            )
    return node.call(indexing.gather_elements, node.input(0), node.input(1), axis=axis)


@lowers("GatherND", since=11)
def gather_nd(node: NodeContext) -> Call:
    """11, 13: types were added. 12: ``batch_dims``."""
    batch_dims = node.int("batch_dims", 0)
    return node.call(
        indexing.gather_nd, node.input(0), node.input(1), batch_dims=batch_dims
    )


@lowers("Scatter", since=9)
@lowers("ScatterElements", since=11)
def scatter_elements(node: NodeContext) -> Call:
    """9: called Scatter. 16: ``reduction`` of add, mul. 18: min, max."""
    return node.call(
        scatter.scatter_elements,
        *_three_inputs(node),
        axis=node.int("axis", 0),
        reduction=_reduction(node),
    )


@lowers("ScatterND", since=11)
def scatter_nd(node: NodeContext) -> Call:
    """11, 13: types were added. 16: ``reduction`` of add, mul. 18: min, max."""
    return node.call(
        scatter.scatter_nd, *_three_inputs(node), reduction=_reduction(node)
    )


def _three_inputs(node: NodeContext) -> tuple[Argument, ...]:
    return node.input(0), node.input(1), node.input(2)


def _reduction(node: NodeContext) -> str:
    return node.choice("reduction", "none", ("none", "add", "mul", "min", "max"))


@lowers("TensorScatter", since=24)
def tensor_scatter(node: NodeContext) -> Call:
    """24."""
    return node.call(
        scatter.tensor_scatter,
        node.input(0),
        node.input(1),
        node.optional(2),
        axis=node.int("axis", -2),
        mode=node.choice("mode", "linear", ("linear", "circular")),
    )
