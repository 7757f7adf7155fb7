"""``Gradient``: what the pass ``gradient`` could not differentiate."""

from __future__ import annotations

from ..ir.program import Call
from .context import NodeContext
from .registry import lowers


@lowers("Gradient", domain="ai.onnx.preview.training")
def gradient(node: NodeContext) -> Call:
    """1."""
    found = node.node.attributes.get("reasons", ())
    reasons = found if isinstance(found, tuple) else ()
    raise node.unsupported(
        f"it cannot be differentiated: {'; '.join(map(str, reasons))}",
        "take the gradient of a result before that, or of other variables",
    )
