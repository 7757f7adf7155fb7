"""Shapes: Reshape and its kin, and what reads a shape."""

from __future__ import annotations

from math import prod

import numpy as np

from ..ir.program import Argument, Call
from ..kernels import shape as kernels
from .context import NodeContext
from .registry import lowers


def one_number(node: NodeContext, index: int) -> Argument:
    """Return an input that is one number, a scalar or 1-d, as a literal if constant."""
    value = node.literal(index)
    return value[0] if isinstance(value, tuple) and len(value) == 1 else value


def int_tuple(value: Argument) -> Argument:
    """Return a literal list of integers as a tuple, also if it was one number."""
    return (value,) if isinstance(value, int) else value


def distinct(axes: Argument, rank: int | None) -> Argument:
    """Return literal axes without repeats, which onnxruntime accepts and NumPy does not."""
    if not isinstance(axes, tuple):
        return axes
    places = dict.fromkeys(a + rank if rank and a < 0 else a for a in axes)
    return axes if len(places) == len(axes) else tuple(places)


@lowers("Reshape")
def reshape_to_attribute(node: NodeContext) -> Call:
    """1: the shape is an attribute."""
    node.ignore("consumed_inputs")
    return _reshape(node, node.ints("shape"), False)


@lowers("Reshape", since=5)
def reshape(node: NodeContext) -> Call:
    """5: the shape is an input. 14: ``allowzero``."""
    shape = int_tuple(node.literal(1))
    return _reshape(node, shape, bool(node.int("allowzero", 0)))


def _reshape(node: NodeContext, shape: Argument, allowzero: bool) -> Call:
    known = _without_zeros(node, shape, allowzero) if isinstance(shape, tuple) else None
    if known is not None:
        return node.call(np.reshape, node.input(0), known)
    if isinstance(shape, tuple) and 0 not in shape:
        allowzero = False
    return node.call(kernels.reshape, node.input(0), shape, allowzero=allowzero)


def _without_zeros(
    node: NodeContext, shape: tuple[int, ...], allowzero: bool
) -> tuple[int, ...] | None:
    """Return a shape that means the same to NumPy, if there is one."""
    if allowzero or 0 not in shape:
        return shape
    kind = node.type(0)
    lengths = kind.shape if kind else None
    if lengths is None or len(lengths) < len(shape) - shape[::-1].index(0):
        return None
    target = [lengths[i] if n == 0 else n for i, n in enumerate(shape)]
    unknown = [i for i, n in enumerate(target) if not isinstance(n, int)]
    if not unknown:
        return tuple(n for n in target if isinstance(n, int))
    # One length of the input is copied: all else being known, it is what is left over.
    axis, others = unknown[0], [n for i, n in enumerate(lengths) if i != unknown[0]]
    elements = prod(n if isinstance(n, int) else 0 for n in others)
    given = [n for i, n in enumerate(target) if i != axis and isinstance(n, int)]
    named = prod(n for n in given if n != -1)
    if len(unknown) > 1 or not elements or not named or elements % named:
        return None
    if -1 not in given and elements != named:
        return None
    rest = (elements // named if n == -1 else n for n in target)
    return tuple(-1 if not isinstance(n, int) else n for n in rest)


@lowers("Flatten")
def flatten(node: NodeContext) -> Call:
    """1, 9, 11, 13 ...: only types were added, and negative axes in 11."""
    axis, kind = node.int("axis", 1), node.type(0)
    if kind and kind.shape is not None:
        rows, columns = kind.shape[:axis], kind.shape[axis:]
        before = prod(rows) if all(isinstance(n, int) for n in rows) else 0  # type: ignore[arg-type]
        after = prod(columns) if all(isinstance(n, int) for n in columns) else 0  # type: ignore[arg-type]
        if before and after:
            return node.call(np.reshape, node.input(0), (before, after))
        if before or after:
            return node.call(np.reshape, node.input(0), (before or -1, after or -1))
    return node.call(kernels.flatten, node.input(0), axis=axis)


@lowers("Squeeze")
def squeeze(node: NodeContext) -> Call:
    """1: axes are an attribute. 11: negative axes. 13: axes are an input."""
    axes = node.ints("axes", None) if node.version < 13 else int_tuple(node.literal(1))
    if axes is None or axes == ():
        return node.call(np.squeeze, node.input(0))
    axes = distinct(axes, node.rank(0))
    if isinstance(axes, tuple):
        return node.call(np.squeeze, node.input(0), axis=_short(axes))
    return node.call(kernels.squeeze, node.input(0), axes)


@lowers("Unsqueeze")
def unsqueeze(node: NodeContext) -> Call:
    """1: axes are an attribute. 11: negative axes. 13: axes are an input."""
    axes = node.ints("axes") if node.version < 13 else int_tuple(node.literal(1))
    if isinstance(axes, tuple):
        return node.call(np.expand_dims, node.input(0), axis=_short(axes))
    return node.call(kernels.unsqueeze, node.input(0), axes)


@lowers("ExpandDims", domain="com.microsoft")
def expand_dims(node: NodeContext) -> Call:
    """The axis is an input."""
    axis = one_number(node, 1)
    if isinstance(axis, int):
        return node.call(np.expand_dims, node.input(0), axis=axis)
    return node.call(kernels.unsqueeze, node.input(0), axis)


def _short(axes: tuple[int, ...]) -> int | tuple[int, ...]:
    return axes[0] if len(axes) == 1 else axes


@lowers("Expand", since=8)
def expand(node: NodeContext) -> Call:
    """8, 13: only types were added."""
    shape = int_tuple(node.literal(1))
    if isinstance(shape, tuple):
        before, rank = node.shape(0), node.rank(0)
        if before is not None:
            after = np.broadcast_shapes(before, shape)
            return node.call(np.broadcast_to, node.input(0), after)
        if rank is not None and rank <= len(shape) and 1 not in shape[-rank or None :]:
            return node.call(np.broadcast_to, node.input(0), shape)
    return node.call(kernels.expand, node.input(0), shape)


@lowers("Tile")
def tile_along_axis(node: NodeContext) -> Call:
    """1: repeats along one axis, both being inputs.

    With two inputs alone, as some exporters write it, it can only be that of opset 6.
    """
    if not node.has_input(2):
        return _tile(node)
    tiles, axis = one_number(node, 1), one_number(node, 2)
    return node.call(kernels.tile_axis, node.input(0), _whole(tiles), _whole(axis))


def _whole(value: Argument) -> Argument:
    return int(value) if isinstance(value, float) else value


@lowers("Tile", since=6)
def tile(node: NodeContext) -> Call:
    """6: repeats for every axis. 13: types were added."""
    return _tile(node)


def _tile(node: NodeContext) -> Call:
    return node.call(np.tile, node.input(0), int_tuple(node.literal(1)))


@lowers("Shape")
def shape_of(node: NodeContext) -> Call:
    """1, 13: all axes. 15: from ``start`` to ``end``. 19 ...: types were added."""
    start, end = node.int("start", 0), node.int("end", None)
    return node.call(kernels.shape, node.input(0), start=start, end=end)


@lowers("Size")
def size_of(node: NodeContext) -> Call:
    """1, 13, 19 ...: only types were added."""
    return node.call(kernels.size, node.input(0))
