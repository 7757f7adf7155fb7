"""GridSample and AffineGrid."""

from __future__ import annotations

from ..ir.program import Call
from ..kernels import sampling
from .context import NodeContext
from .registry import lowers

_PADDINGS = ("zeros", "border", "reflection")


@lowers("GridSample", since=16)
@lowers("GridSample", domain="com.microsoft")
def grid_sample_2d(node: NodeContext) -> Call:
    """16: two spatial axes, and modes with other names."""
    mode = node.choice("mode", "bilinear", ("bilinear", "nearest", "bicubic"))
    return _grid_sample(
        node, {"bilinear": "linear", "bicubic": "cubic"}.get(mode, mode)
    )


@lowers("GridSample", since=20)
def grid_sample(node: NodeContext) -> Call:
    """20: any number of spatial axes. 22: only types were added."""
    mode = node.choice("mode", "linear", ("linear", "nearest", "cubic"))
    return _grid_sample(node, mode)


def _grid_sample(node: NodeContext, mode: str) -> Call:
    return node.call(
        sampling.grid_sample,
        node.input(0),
        node.input(1),
        mode=mode,
        padding_mode=node.choice("padding_mode", "zeros", _PADDINGS),
        align_corners=bool(node.int("align_corners", 0)),
    )


@lowers("AffineGrid", since=20)
def affine_grid(node: NodeContext) -> Call:
    """20: the only version."""
    return node.call(
        sampling.affine_grid,
        node.input(0),
        node.literal(1),
        align_corners=bool(node.int("align_corners", 0)),
    )
