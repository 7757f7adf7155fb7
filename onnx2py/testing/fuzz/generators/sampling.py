"""Values between the points of a grid."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import NodeCase
from ..deviations import deviates
from ..draw import Draw
from ..registry import Target, generates
from ._types import a_type


@generates("GridSample")
def grid_sample(draw: Draw, target: Target) -> NodeCase:
    """Points in and out of the picture, on borders and halves, every mode and padding."""
    deep = target.since >= 20 and draw.chance(0.3)
    rank = 3 if deep else 2
    usual = ("float32",) * 4 + (("float64",) if target.since >= 20 else ())
    dtype = a_type(draw, target, usual, rare=0)
    shape = (draw.length(2, 0.03), *draw.image(rank, longest=5)[1:])
    modes = ("bilinear", "nearest", "bicubic")
    if target.since >= 20:
        modes = ("linear", "nearest", "cubic")
    out = [draw.integer(1, 5) for _ in range(rank)]
    far = draw.one_of((1.0, 1.5, 1.5, 8.0))
    kind = "float64" if dtype == "float64" else "float32"
    grid = draw.array(kind, (shape[0], *out, rank), -far, far)
    if draw.chance(0.25):  # borders, and the middle of elements
        grid = np.rint(grid * 4) / grid.dtype.type(4)
    attributes: dict[str, Any] = {}
    if draw.chance(0.8):
        attributes["mode"] = draw.one_of(modes[:2] if deep else modes)
    if draw.chance(0.7):
        attributes["padding_mode"] = draw.one_of(("zeros", "border", "reflection"))
    if draw.chance(0.7):
        attributes["align_corners"] = draw.integer(0, 1)
    return NodeCase([draw.array(dtype, shape), grid], attributes, rtol=1e-4, atol=1e-5)


@generates("AffineGrid")
def affine_grid(draw: Draw, target: Target) -> NodeCase:
    """Two axes and three, some of a single element."""
    dtype = a_type(draw, target, ("float32", "float32", "float64"), rare=0.02)
    rank = draw.integer(2, 3)
    n = draw.length(2, 0.03)
    theta = draw.array(dtype, (n, rank, rank + 1))
    size = np.array([n, draw.integer(1, 3), *(draw.integer(1, 5) for _ in range(rank))])
    attributes = {"align_corners": draw.integer(0, 1)} if draw.chance(0.7) else {}
    return NodeCase([theta, size], attributes, rtol=1e-5, atol=1e-5)


@deviates(
    "AffineGrid",
    reason="align_corners of a single element, which the text leaves open: onnxruntime takes the "
    "upper border, but in float16 the lower one; we take the upper one in all types",
)
def _half_of_one_element(case: NodeCase) -> bool:
    theta, size = map(np.asarray, case.inputs)
    corners = case.attributes.get("align_corners") == 1
    return theta.dtype == np.float16 and corners and 1 in size[2:].tolist()
