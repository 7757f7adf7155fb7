"""Convolutions."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import NodeCase
from ..deviations import deviates
from ..draw import NUMBERS, Draw
from ..registry import Target, generates
from ._types import a_type
from ._windows import is_same, lengths, spatial, sprinkle, window


def _add_choices(
    draw: Draw, attributes: dict[str, Any], groups: int, kernel: list[int]
) -> None:
    if groups > 1 or draw.chance(0.3):
        attributes["group"] = groups
    if draw.chance(0.7):
        attributes["kernel_shape"] = kernel


@generates("Conv")
def conv(draw: Draw, target: Target) -> NodeCase:
    """One to four axes, groups, depthwise, with and without a bias."""
    dtype = a_type(draw, target, ("float32",), rare=0.02)
    if draw.chance(0.06):
        return _large_depthwise(draw)
    rank = draw.one_of((1, 1, 2, 2, 2, 2, 3, 3, 4))
    groups = draw.one_of((1, 1, 2, 3))
    each = 1 if groups > 1 and draw.chance() else draw.length(3, 0.02)
    out = groups * draw.length(3, 0.01)
    kernel = [draw.integer(1, 3 if rank > 2 else 4) for _ in range(rank)]
    attributes = window(draw, kernel, wide=True)
    if is_same(attributes) and draw.chance(0.8):  # onnxruntime refuses both
        attributes.pop("dilations", None)
    shape = spatial(draw, kernel, attributes, short=0.1)
    x = draw.array(dtype, (draw.length(2, 0.03), groups * each, *shape))
    if draw.chance(0.1):
        sprinkle(draw, x)
    w = draw.array(dtype, (out, each, *kernel))
    _add_choices(draw, attributes, groups, kernel)
    inputs = [x, w, draw.array(dtype, (out,))] if draw.chance(0.6) else [x, w]
    return NodeCase(inputs, attributes, rtol=1e-5)


def _large_depthwise(draw: Draw) -> NodeCase:
    """Images of more than 1000 pixels, which a kernel of their own convolves."""
    c, kernel = draw.integer(1, 2), [draw.integer(1, 5) for _ in range(2)]
    x = draw.array("float32", (1, c, draw.integer(25, 35), draw.integer(42, 50)))
    w = draw.array("float32", (c, 1, *kernel))
    bias = [draw.array("float32", (c,))] if draw.chance() else []
    attributes = {**window(draw, kernel, dilated=False), "group": c}
    if draw.chance(0.7):
        attributes.pop("strides", None)
    return NodeCase([x, w, *bias], attributes, rtol=1e-5)


@generates("ConvTranspose")
def conv_transpose(draw: Draw, target: Target) -> NodeCase:
    """Output shapes and paddings given in every way."""
    dtype = a_type(draw, target, ("float32",), rare=0.02)
    rank = draw.one_of((1, 2, 2, 2, 3))
    groups = draw.one_of((1, 1, 2, 3))
    each, out = draw.integer(1, 3), draw.integer(1, 3)
    kernel = [draw.integer(1, 4) for _ in range(rank)]
    attributes = window(draw, kernel)
    strides = attributes.get("strides", [1] * rank)
    dilations = attributes.get("dilations", [1] * rank)
    shape = [draw.integer(1 if draw.chance(0.3) else 3, 6) for _ in range(rank)]
    if draw.chance(0.3):
        steps = map(max, strides, dilations)
        attributes["output_padding"] = [draw.integer(0, s - 1) for s in steps]
    if draw.chance(0.25):
        if draw.chance(0.8):
            attributes.pop("pads", None)
        attributes["output_shape"] = [
            s * (n - 1) + d * (k - 1) + 1 - draw.integer(-1, min(3, d * (k - 1)))
            for s, n, d, k in zip(strides, shape, dilations, kernel)
        ]
    _add_choices(draw, attributes, groups, kernel)
    x = draw.array(dtype, (draw.length(2, 0.03), groups * each, *shape))
    w = draw.array(dtype, (groups * each, out, *kernel))
    bias = [draw.array(dtype, (groups * out,))] if draw.chance(0.6) else []
    return NodeCase([x, w, *bias], attributes, rtol=1e-5)


@generates("DeformConv")
def deform_conv(draw: Draw, target: Target) -> NodeCase:
    """Offsets of one group or several, with and without a mask."""
    dtype = a_type(draw, target, ("float32",) * 4 + ("float64",), rare=0.02)
    groups, offset_groups = draw.one_of((1, 1, 2)), draw.one_of((1, 1, 2))
    channels = groups * offset_groups * draw.integer(1, 2)
    kernel = [draw.integer(1, 3) for _ in range(2)]
    attributes = window(draw, kernel, wide=True)
    attributes.pop("auto_pad", None)
    sizes = spatial(draw, kernel, attributes, short=0)
    made = lengths(sizes, kernel, attributes)
    n, points = draw.length(2, 0.03), kernel[0] * kernel[1]
    x = draw.array(dtype, (n, channels, *sizes))
    w = draw.array(dtype, (groups * draw.integer(1, 2), channels // groups, *kernel))
    offset = draw.array(dtype, (n, offset_groups * points * 2, *made), -2, 2)
    if draw.chance(0.3):  # in the middle of elements, or on the border
        offset = np.rint(offset * 2) / offset.dtype.type(2)
    mask_shape = (n, offset_groups * points, *made)
    inputs: list[Any] = [
        *(x, w, offset),
        draw.array(dtype, w.shape[:1]) if draw.chance() else None,
        draw.array(dtype, mask_shape, 0, 1) if draw.chance() else None,
    ]
    while inputs[-1] is None:
        inputs.pop()
    _add_choices(draw, attributes, groups, kernel)
    if offset_groups > 1 or draw.chance():
        attributes["offset_group"] = offset_groups
    return NodeCase(inputs, attributes, rtol=1e-4)


@generates("Col2Im")
def col2im(draw: Draw, target: Target) -> NodeCase:
    """One axis and more; columns that overlap."""
    dtype = draw.one_of(("float32",) * 19 + NUMBERS)
    rank = draw.one_of((1, 2, 2, 2, 2, 3))
    block = [draw.integer(1, 3) for _ in range(rank)]
    attributes = window(draw, block)
    attributes.pop("auto_pad", None)
    image = spatial(draw, block, attributes, short=0)
    blocks = int(np.prod(lengths(image, block, attributes)))
    channels = draw.integer(1, 2) * int(np.prod(block))
    columns = draw.array(dtype, (draw.length(2, 0.03), channels, blocks))
    return NodeCase([columns, np.array(image), np.array(block)], attributes, rtol=1e-5)


@deviates(
    "Col2Im",
    reason="of one axis, and of three and more, onnxruntime adds some columns at wrong places; "
    "we do as a plain loop over the text's formula, and as the official 5-d case",
)
def _not_two_axes(case: NodeCase) -> bool:
    return np.asarray(case.inputs[1]).size != 2
