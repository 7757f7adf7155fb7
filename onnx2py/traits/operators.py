"""The table of operators: what is known of each, by its domain and name."""

from __future__ import annotations

from collections.abc import Mapping

from .microsoft_operators import MICROSOFT
from .onnx_operators import ONNX
from .operator import Operator
from .other_operators import LEARNING, PREVIEW, TRAINING

OPERATORS: Mapping[tuple[str, str], Operator] = {
    (domain, name): row
    for domain, rows in {
        "": ONNX,
        "ai.onnx.ml": LEARNING,
        "ai.onnx.preview": PREVIEW,
        "ai.onnx.preview.training": TRAINING,
        "com.microsoft": MICROSOFT,
    }.items()
    for name, row in rows.items()
}

UNKNOWN = Operator(random=True, grows=True, unbounded=True)
"""What must be expected of an operator without a row: one of a user's, or a function's."""


def operator_traits(domain: str, name: str) -> Operator:
    """Return the row of an operator."""
    return OPERATORS.get((domain, name), UNKNOWN)
