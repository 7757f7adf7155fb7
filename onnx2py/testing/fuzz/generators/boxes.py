"""Regions of images."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import NodeCase
from ..draw import Draw
from ..registry import Target, generates
from ._types import a_type, at_most


def _corners(draw: Draw, count: int, size: int, *, beyond: float = 2) -> Any:
    """Return two opposite corners of boxes, [count, 4], mostly in order."""
    corners = draw.rng.uniform(-beyond, size + beyond, (count, 2, 2))
    if draw.chance(0.8):
        corners = np.sort(corners, axis=1)
    if draw.chance(0.4):
        corners = np.rint(corners * 2) / 2
    return corners.reshape(count, 4)


@generates("MaxRoiPool")
def max_roi_pool(draw: Draw, target: Target) -> NodeCase:
    """Regions in and out of the picture."""
    dtype = a_type(draw, target, ("float32",), rare=0.03)
    n, height, width = draw.integer(1, 2), draw.integer(1, 8), draw.integer(1, 8)
    x = draw.array(dtype, (n, draw.integer(1, 3), height, width))
    count = draw.length(3, 0.05)
    batch = draw.rng.integers(0, n, (count, 1))
    corners = _corners(draw, count, max(height, width))
    rois = np.concatenate([batch, corners], 1).astype(dtype)
    attributes: dict[str, Any] = {
        "pooled_shape": [draw.integer(1, 4) for _ in range(2)]
    }
    if draw.chance():
        attributes["spatial_scale"] = draw.one_of((0.5, 1.0, 0.25, 1.7))
    return at_most(NodeCase([x, rois], attributes, exact=True), target, 21)


@generates("RoiAlign")
def roi_align(draw: Draw, target: Target) -> NodeCase:
    """Regions of any size, both ways to sample them."""
    dtype = a_type(draw, target, ("float32", "float32", "float64"), rare=0.02)
    n, height, width = draw.integer(1, 2), draw.integer(1, 8), draw.integer(1, 8)
    x = draw.array(dtype, (n, draw.integer(1, 3), height, width))
    count = draw.length(3, 0.05)
    rois = _corners(draw, count, max(height, width)).astype(dtype)
    attributes: dict[str, Any] = {}
    for name, low, high in (
        ("output_height", 1, 3),
        ("output_width", 1, 3),
        ("sampling_ratio", 0, 3),
    ):
        if draw.chance(0.7):
            attributes[name] = draw.integer(low, high)
    if draw.chance(0.7):
        attributes["mode"] = draw.one_of(("avg", "max"))
    if draw.chance():
        attributes["spatial_scale"] = draw.one_of((0.5, 1.0, 0.25, 1.7))
    if target.since >= 16 and draw.chance(0.7):
        attributes["coordinate_transformation_mode"] = draw.one_of(
            ("half_pixel", "output_half_pixel")
        )
    batch = draw.rng.integers(0, n, count)
    return at_most(NodeCase([x, rois, batch], attributes, rtol=1e-4), target, 21)


@generates("NonMaxSuppression")
def non_max_suppression(draw: Draw, target: Target) -> NodeCase:
    """Corners in any order or centers, equal scores, limits that bind and that do not."""
    batches, count, classes = draw.length(2), draw.length(9), draw.length(3)
    if draw.chance():
        center = {"center_point_box": draw.integer(0, 1)}
    else:
        center = {}
    boxes = _corners(draw, batches * count, 3, beyond=0).astype("float32")
    if center.get("center_point_box"):
        boxes[:, 2:] = np.abs(boxes[:, 2:])
    if draw.chance(0.3) and len(boxes):  # some are the same
        boxes = boxes[draw.rng.integers(0, len(boxes), len(boxes))]
    make = draw.ties if draw.chance(0.3) else draw.array
    scores = make("float32", (batches, classes, count))
    limits: list[Any] = [
        np.array(draw.one_of((0, 1, 2, 4, 100)), "int64"),
        np.array(draw.one_of((0.0, 1.0, 0.5, draw.number(0, 1))), "float32"),
        np.array(draw.one_of((0.0, 1.0, draw.number(-1, 1))), "float32"),
    ]
    limits = [None if draw.chance(0.2) else limit for limit in limits]
    if limits[0] is None and draw.chance(0.8):  # then nothing is selected
        limits[0] = np.array(3)
    if draw.chance():
        limits = [None if limit is None else limit.reshape(1) for limit in limits]
    while limits and limits[-1] is None:
        limits.pop()
    return NodeCase([boxes.reshape(batches, count, 4), scores, *limits], center)
