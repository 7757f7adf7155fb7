"""Pad and CenterCropPad."""

from __future__ import annotations

from ..ir.program import Argument, Call
from ..kernels import padding as kernels
from .context import NodeContext
from .registry import lowers
from .shape import int_tuple, one_number


@lowers("Pad")
def pad_by_attributes(node: NodeContext) -> Call:
    """1: ``paddings``. 2: they are called ``pads``."""
    pads = node.ints("paddings" if node.version < 2 else "pads")
    return _pad(node, pads, node.float("value", 0.0), None)


@lowers("Pad", domain="com.microsoft")
@lowers("Pad", since=11)
def pad_by_inputs(node: NodeContext) -> Call:
    """11: pads and value are inputs. 13, 21 ...: types were added. 18: axes. 19: wrap."""
    axes = int_tuple(node.literal(3))
    return _pad(node, node.literal(1), one_number(node, 2), axes)


def _pad(node: NodeContext, pads: Argument, value: Argument, axes: Argument) -> Call:
    wraps = node.version >= 19 and not node.node.domain
    modes = ("constant", "reflect", "edge", *(("wrap",) if wraps else ()))
    mode = node.choice("mode", "constant", modes)
    if mode != "constant" or (isinstance(value, (int, float)) and value == 0):
        value = None
    rank = node.rank(0)
    if isinstance(pads, tuple) and isinstance(axes, tuple) and rank is not None:
        pads, axes = _for_all_axes(pads, axes, rank), None
    return node.call(kernels.pad, node.input(0), pads, value, axes, mode=mode)


def _for_all_axes(
    pads: tuple[int, ...], axes: tuple[int, ...], rank: int
) -> tuple[int, ...]:
    full, count = [0] * (2 * rank), len(axes)
    for axis, begin, end in zip(axes, pads[:count], pads[count:]):
        full[axis % rank], full[axis % rank + rank] = begin, end
    return tuple(full)


@lowers("CenterCropPad", since=18)
def center_crop_pad(node: NodeContext) -> Call:
    """18."""
    return node.call(
        kernels.center_crop_pad,
        node.input(0),
        int_tuple(node.literal(1)),
        axes=node.ints("axes", None),
    )
