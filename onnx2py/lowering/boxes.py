"""NonMaxSuppression."""

from __future__ import annotations

from ..ir.program import Call
from ..kernels import boxes
from .context import NodeContext
from .quantization import scalar_literal
from .registry import lowers


@lowers("NonMaxSuppression", since=10)
def non_max_suppression(node: NodeContext) -> Call:
    """10, 11: the wording changed."""
    return node.call(
        boxes.non_max_suppression,
        node.input(0),
        node.input(1),
        scalar_literal(node, 2),
        scalar_literal(node, 3),
        scalar_literal(node, 4),
        center_point_box=bool(node.int("center_point_box", 0)),
    )
