"""Blocks into channels, and back."""

from __future__ import annotations

from ..case import NodeCase
from ..draw import Draw
from ..registry import Target, generates
from ._types import a_type, values


@generates("DepthToSpace", "SpaceToDepth")
def blocks(draw: Draw, target: Target) -> NodeCase:
    """Both modes."""
    dtype = a_type(draw, target, ("float32", "float64", "uint8"), rare=0.05)
    b = draw.integer(1, 3)
    n, c, h, w = (draw.integer(1, 3) for _ in range(4))
    deep = target.operator == "DepthToSpace"
    shape = (n, c * b * b, h, w) if deep else (n, c, h * b, w * b)
    attributes: dict[str, object] = {"blocksize": b}
    if target.since >= (11 if deep else 28) and draw.chance(0.7):
        attributes["mode"] = draw.one_of(("DCR", "CRD"))
    return NodeCase([values(draw, dtype, shape)], attributes)
