"""Wrong messages of ONNX's inference about valid nodes, which are ignored.

onnxruntime has the same code and rejects these nodes too; the operators' specifications do not.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...ir.graph import Node
from ...ir.types import TensorType, ValueType

OPEN_LENGTHS = {
    # An open length of the axis of the batch is taken for one that is not 1.
    ("", "StringNormalizer"),
    # An open length of ``sizes`` or ``scales`` is taken for 0.
    ("", "Resize"),
}
"""Operators for which inference treats an unknown length as wrong."""

OF_SCALARS = {
    *("ArgMax", "ArgMin", "Hardmax", "LogSoftmax", "Softmax", "ReduceL1", "ReduceL2"),
    *("ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin"),
    *("ReduceProd", "ReduceSum", "ReduceSumSquare"),
}
"""Operators that exporters of PyTorch apply to axis 0 or -1 of a scalar, as to one element:
onnxruntime computes them where it does not know the rank beforehand."""

MESSAGES = (
    # Of axes: it reads only int64, where the operator takes int32 too.
    "ParseData type mismatch",
    # Of Add, Sub and Mul: it follows values of one axis, and these have two.
    "Invalid rank for",
    # Of values whose types the file alone declares: inference is not told.
    "expected to have type but instead is null",
)
"""Parts of messages that do not concern the node."""


def is_believed(node: Node, message: str, types: Mapping[str, ValueType]) -> bool:
    """Return whether a message of inference means that the node is not valid."""
    if node.subgraphs or any(text in message for text in MESSAGES):
        return False  # what bodies return has no type there if it comes from outside
    kinds = [types[name] for name in node.inputs if name]
    if not node.domain and node.operator in OF_SCALARS:
        return not isinstance(kinds[0], TensorType) or kinds[0].rank != 0
    if (node.domain, node.operator) in OPEN_LENGTHS:
        return all(
            isinstance(k, TensorType) and k.static_shape is not None for k in kinds
        )
    return True
