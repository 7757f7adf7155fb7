"""Other operators of onnxruntime's own, on images and tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import NodeCase
from ..draw import Draw
from ..registry import Target, generates
from .microsoft_quantized import OWN, lengths, window_attributes


@generates("Inverse", domain=OWN)
def inverse(draw: Draw, target: Target) -> NodeCase:
    """Matrices in batches that are well conditioned."""
    dtype = draw.one_of(("float32", "float32", "float64", "float16"))
    n = draw.integer(1, 5)
    x = draw.array(dtype, (*draw.shape(0, 2, longest=3), n, n), -1, 1)
    return NodeCase([x + (n + 1) * np.eye(n, dtype=dtype)])


@generates("Trilu", domain=OWN)
def trilu(draw: Draw, target: Target) -> NodeCase:
    """Every diagonal, far beyond the corners too."""
    dtype = draw.one_of(("float32", "float64", "int64", "int64"))
    attributes = {"upper": draw.integer(0, 1)} if draw.chance(0.7) else {}
    k = np.asarray(draw.integer(-7, 7)) if draw.chance(0.7) else None
    return NodeCase([draw.array(dtype, draw.shape(2, 4)), k], attributes)


@generates("ExpandDims", domain=OWN)
def expand_dims(draw: Draw, target: Target) -> NodeCase:
    """Every place for the new axis."""
    x = draw.array(draw.one_of(("float32", "int64", "uint8", "bool")), draw.shape(0, 4))
    axis = np.asarray(draw.axis(x.ndim + 1), np.int32)
    return NodeCase([x, axis.reshape((1,) if draw.chance() else ())])


@generates("Pad", domain=OWN)
def pad(draw: Draw, target: Target) -> NodeCase:
    """Every mode; elements added and cut off."""
    dtype = "float32"
    shape = draw.shape(1, 4, zero=0)
    mode = draw.one_of((None, "constant", "reflect", "edge"))
    most = 3 if mode != "reflect" else max(0, min(shape) - 1)
    pads = draw.array("int64", (2 * len(shape),), 0, most)
    if mode != "reflect" and draw.chance(0.3):
        pads = np.maximum(draw.array("int64", pads.shape, -1, 2), -(min(shape) // 2))
    if draw.chance(0.2):
        pads = pads[None]
    value = draw.array(dtype, draw.one_of(((), (1,)))) if draw.chance() else None
    return NodeCase([draw.array(dtype, shape), pads, value], {"mode": mode})


@generates("GridSample", domain=OWN)
def grid_sample(draw: Draw, target: Target) -> NodeCase:
    """Every mode; places outside of the image."""
    x = draw.array("float32", draw.image(2, longest=6))
    grid = draw.array(
        "float32", (len(x), draw.integer(1, 5), draw.integer(1, 5), 2), -1.4, 1.4
    )
    attributes: dict[str, Any] = {}
    if draw.chance(0.7):
        attributes["mode"] = draw.one_of(("bilinear", "nearest", "bicubic"))
    if draw.chance(0.7):
        attributes["padding_mode"] = draw.one_of(("zeros", "border", "reflection"))
    if draw.chance(0.7):
        attributes["align_corners"] = draw.integer(0, 1)
    return NodeCase([x, grid], attributes)


@generates("ConvTransposeWithDynamicPads", domain=OWN)
def conv_transpose(draw: Draw, target: Target) -> NodeCase:
    """Padding as a tensor, left out, or chosen by auto_pad."""
    spatial, group = draw.one_of((1, 2, 2, 3)), draw.integer(1, 2)
    kernel = [draw.integer(1, 3) for _ in range(spatial)]
    inner, outer = draw.integer(1, 3), draw.integer(1, 3)
    x = draw.array("float32", (draw.integer(1, 2), group * inner,
                               *draw.image(spatial, longest=5)[2:]))  # fmt: skip
    w = draw.array("float32", (group * inner, outer, *kernel))
    attributes: dict[str, Any] = {"group": group} if group > 1 else {}
    if draw.chance():
        attributes["strides"] = [draw.integer(1, 3) for _ in kernel]
    if draw.chance(0.3):
        attributes["dilations"] = [draw.integer(1, 2) for _ in kernel]
    if draw.chance(0.3) and "strides" in attributes:
        most = [stride - 1 for stride in attributes["strides"]]
        attributes["output_padding"] = [draw.integer(0, m) for m in most]
    if draw.chance(0.5):
        attributes["kernel_shape"] = kernel
    pads: Any = np.array([draw.integer(0, k - 1) for k in kernel * 2])
    if draw.chance(0.1):
        attributes["auto_pad"] = draw.one_of(("VALID", "SAME_UPPER", "SAME_LOWER"))
    bias = draw.array("float32", (group * outer,)) if draw.chance() else None
    return NodeCase([x, w, pads, bias], attributes)


@generates("MaxpoolWithMask", domain=OWN)
def max_pool_with_mask(draw: Draw, target: Target) -> NodeCase:
    """One to three spatial axes; most elements are kept."""
    spatial = draw.one_of((1, 1, 2, 2, 3))
    attributes = window_attributes(draw, spatial)
    if draw.chance(0.1):
        attributes["storage_order"] = 0
    x = draw.array("float32", (*draw.image(1)[:2], *lengths(draw, spatial, 6)))
    several = x.shape if draw.chance() else (1, 1, *x.shape[2:])
    mask = (draw.array("float32", several, 0, 1) < 0.8).astype(np.int32)
    return NodeCase([x, mask], attributes)


@generates("TransposeMatMul", domain=OWN)
def transpose_matmul(draw: Draw, target: Target) -> NodeCase:
    """Every transposition, in batches."""
    m, k, n = draw.integer(1, 5), draw.integer(1, 5), draw.integer(1, 5)
    left, right = draw.broadcast_shapes(2, most=2)
    attributes: dict[str, Any] = {}
    trans_a, trans_b = draw.chance(0.4), draw.chance(0.4)
    if trans_a or draw.chance():
        attributes["transA"] = int(trans_a)
    if trans_b or draw.chance():
        attributes["transB"] = int(trans_b)
    if draw.chance():
        attributes["alpha"] = draw.number(-2, 2)
    a = draw.array("float32", (*left, *((k, m) if trans_a else (m, k))))
    b = draw.array("float32", (*right, *((n, k) if trans_b else (k, n))))
    return NodeCase([a, b], attributes)


@generates("SampleOp", domain=OWN)
def sample_op(draw: Draw, target: Target) -> NodeCase:
    """Any shape."""
    return NodeCase([draw.special("float32", draw.shape())], exact=True)


@generates("CropAndResize", domain=OWN)
def crop_and_resize(draw: Draw, target: Target) -> NodeCase:
    """Boxes within, beyond and upside down."""
    x = draw.array("float32", draw.image(2, longest=7))
    rois = draw.array("float32", (draw.integer(1, 5), 4), -0.2, 1.2)
    if draw.chance(0.3):
        rois = np.clip(np.round(rois * 2) / 2, 0, 1)
    which = draw.array("int32", (len(rois),), 0, len(x) - 1)
    size = draw.array("int32", (2,), 1, 5)
    attributes: dict[str, Any] = {}
    if draw.chance(0.7):
        attributes["mode"] = draw.one_of(("bilinear", "nearest"))
    if draw.chance():
        attributes["extrapolation_value"] = draw.number(-2, 2)
    return NodeCase([x, rois, which, size], attributes)


@generates("GatherND", domain=OWN)
def gather_nd(draw: Draw, target: Target) -> NodeCase:
    """Indices of any depth, negative ones too."""
    dtype = draw.one_of(("float32", "int64", "bool", "float16", "uint8", "float64"))
    data = draw.array(dtype, draw.shape(1, 4, zero=0))
    depth = draw.integer(1, data.ndim)
    sizes = np.array(data.shape[:depth])
    shape = (*draw.shape(0, 2), depth)
    places = np.floor(draw.array("float64", shape, 0, 1) * sizes).astype(np.int64)
    if draw.chance(0.3):
        places -= sizes
    return NodeCase([data, places.astype(draw.one_of(("int32", "int64")))])


@generates("UnfoldTensor", domain=OWN)
def unfold(draw: Draw, target: Target) -> NodeCase:
    """Every axis, step and size."""
    dtype = draw.one_of(("float32", "int64", "int32", "float64"))
    x = draw.array(dtype, draw.shape(1, 4, zero=0, longest=8))
    dim = draw.axis(x.ndim)
    attributes = {"size": draw.integer(1, x.shape[dim])}
    if dim != -1 or draw.chance():
        attributes["dim"] = dim
    if draw.chance(0.7):
        attributes["step"] = draw.integer(1, 4)
    return NodeCase([x], attributes)
