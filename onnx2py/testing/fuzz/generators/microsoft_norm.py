"""onnxruntime's own normalizations, of sums and by gates."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import NodeCase
from ..draw import Draw
from ..registry import Target, generates
from .microsoft_quantized import OWN

TYPES = ("float32", "float32", "float32", "float64", "float16", "bfloat16")
SMALLER = ("float32", "float32", "float16", "bfloat16")


def _epsilon(draw: Draw) -> dict[str, Any]:
    return {"epsilon": draw.number(1e-6, 1e-2)} if draw.chance(0.7) else {}


@generates("SimplifiedLayerNormalization")
def simplified(draw: Draw, target: Target) -> NodeCase:
    """Over the last axes; with and without the statistics; scales of other shapes."""
    dtype = draw.one_of(TYPES)
    x = draw.array(dtype, draw.shape(1, 4))
    axis = draw.axis(x.ndim)
    attributes = _epsilon(draw)
    if axis != -1 or draw.chance():
        attributes["axis"] = axis
    if draw.chance(0.2):
        attributes["stash_type"] = 1
    return NodeCase(
        [x, draw.array(dtype, x.shape[axis:])], attributes, draw.integer(1, 2)
    )


@generates("SkipLayerNormalization", "SkipSimplifiedLayerNormalization", domain=OWN)
def of_sum(draw: Draw, target: Target) -> NodeCase:
    """Of 2 and 3 axes; ``skip`` broadcast; every output wanted or not."""
    simplified = "Simplified" in target.operator
    dtype = draw.one_of(SMALLER)
    x = draw.array(dtype, draw.shape(2, 3))
    shapes = [x.shape, x.shape]
    if x.ndim == 3:
        shapes += [x.shape[1:], (1, *x.shape[1:])]
    size = x.shape[-1:]
    inputs: list[Any]
    inputs = [x, draw.array(dtype, draw.one_of(shapes)), draw.array(dtype, size)]
    optional = 1 if simplified else 2
    inputs += [
        draw.array(dtype, size) if draw.chance(0.6) else None for _ in range(optional)
    ]
    outputs = [True, False, False, draw.chance()]
    if draw.chance(0.2):
        outputs[1:3] = [draw.chance(), draw.chance()]
    return NodeCase(inputs, _epsilon(draw), outputs)


@generates("EmbedLayerNormalization", domain=OWN)
def embedding(draw: Draw, target: Target) -> NodeCase:
    """With and without segments, mask, positions, and each output."""
    batch, steps, size = draw.length(3), draw.length(5), draw.length(6, 0)
    shape = (batch, steps)
    words, places, kinds = draw.integer(1, 6), steps + draw.integer(0, 3), 3
    ids = draw.array("int32", shape, 0, words - 1)
    has_segments = draw.chance(0.7)
    tables = [draw.array("float32", (rows, size)) for rows in (words, places, kinds)]
    segments = draw.array("int32", shape, 0, kinds - 1) if has_segments else None
    inputs: list[Any] = [
        ids,
        segments,
        *tables[:2],
        tables[2] if has_segments else None,
    ]
    inputs += [draw.array("float32", (size,)) for _ in range(2)]
    mask = None
    if draw.chance(0.6):
        mask = draw.array("int32", shape, 0, draw.one_of((1, 1, 1, 2)))
        if draw.chance():
            mask = np.sort(mask)[:, ::-1].copy()
    inputs.append(mask)
    if draw.chance() and places:
        which = draw.one_of((shape, (1, steps)))
        inputs.append(draw.array("int32", which, 0, places - 1))
    outputs = [True, draw.chance(0.8), draw.chance()]
    attributes = _epsilon(draw)
    if draw.chance(0.2):
        attributes["mask_index_type"] = draw.integer(0, 1)
    # onnxruntime wants to know the shapes of the tables.
    fixed = [i for i in range(2, 7) if inputs[i] is not None]
    constant = fixed if draw.chance(0.8) else ()
    return NodeCase(inputs, attributes, outputs, constant)


@generates("GatedRMSNorm", domain=OWN)
def gated_rms_norm(draw: Draw, target: Target) -> NodeCase:
    """Groups of the last axis, each activation."""
    dtype = draw.one_of(SMALLER)
    size = draw.integer(1, 5)
    shape = (*draw.shape(0, 3), size * draw.integer(1, 3))
    attributes = _epsilon(draw)
    if draw.chance(0.7):
        attributes["activation"] = draw.one_of(("silu", "swish", "sigmoid"))
    scale = draw.array(dtype, draw.one_of(((size,), (size,), (1, size))))
    return NodeCase(
        [draw.array(dtype, shape), scale, draw.array(dtype, shape)], attributes
    )


@generates("BranchwiseRMSNorm", domain=OWN)
def branchwise_rms_norm(draw: Draw, target: Target) -> NodeCase:
    """Branches as an axis, or by an attribute; every shape of the scale."""
    dtype, kind = draw.one_of(SMALLER), draw.one_of(SMALLER)
    branches, size = draw.integer(1, 4), draw.integer(1, 5)
    attributes = _epsilon(draw)
    leading = draw.shape(0, 2)
    inner: tuple[int, ...] = (branches, size)
    if draw.chance():
        inner, attributes["num_branches"] = (branches * size,), branches
    elif draw.chance():
        attributes["num_branches"] = 0
    x = draw.array(dtype, (*leading, *inner))
    shapes = ((branches * size,), (branches, size), (size,))
    scale = draw.array(kind, draw.one_of(shapes)) if draw.chance(0.8) else None
    return NodeCase([x, scale], attributes)


@generates("ScaledSiLU", domain=OWN)
def scaled_silu(draw: Draw, target: Target) -> NodeCase:
    """A scale as an attribute, as an input, both and neither."""
    dtype, kind = draw.one_of(SMALLER), draw.one_of(SMALLER)
    x = draw.one_of((draw.array, draw.special))(dtype, draw.shape())
    scale = draw.array(kind, (), -2, 2) if draw.chance() else None
    attributes = {"alpha": draw.number(-2, 2)} if draw.chance(0.6) else {}
    return NodeCase([x, scale], attributes)


@generates("GatedAdd", domain=OWN)
def gated_add(draw: Draw, target: Target) -> NodeCase:
    """One gate for each row."""
    dtype = draw.one_of(("float32", "float32", "float16"))
    shape = draw.shape(1, 4)
    inputs = [draw.array(dtype, s) for s in (shape, shape, (*shape[:-1], 1))]
    # Of half floats onnxruntime rounds the product and then the sum, we the sum alone.
    return NodeCase(inputs, exact=dtype == "float32")
