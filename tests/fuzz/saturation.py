"""Processors on which onnxruntime's products of bytes are not exact.

Without the instructions of VNNI, it adds pairs of products of unsigned and signed bytes in 16
bits, which saturate: https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html
"""

from __future__ import annotations

import functools

import numpy as np
import onnx
import onnx.parser
import onnxruntime

from .case import Case
from .deviations import deviates


@functools.cache
def saturates() -> bool:
    """Whether onnxruntime does so here."""
    graph = onnx.parser.parse_graph(
        "g (uint8[1, 2] a, int8[2, 1] b) => (int32[1, 1] y) { y = MatMulInteger (a, b) }"
    )
    model = onnx.helper.make_model(
        graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8
    )
    session = onnxruntime.InferenceSession(model.SerializeToString())
    feeds = {"a": np.full((1, 2), 255, np.uint8), "b": np.full((2, 1), 127, np.int8)}
    return int(session.run(None, feeds)[0][0, 0]) != 2 * 255 * 127


def is_inexact(case: Case) -> bool:
    """Whether onnxruntime may not compute a case exactly here."""
    dtypes = {value.dtype for value in case.inputs if isinstance(value, np.ndarray)}
    named = any(word in case.operator for word in ("Q", "Quantize", "Integer"))
    return named and np.dtype(np.int8) in dtypes and saturates()


@deviates(
    *("MatMulInteger", "ConvInteger", "QLinearConv"),
    reason="without VNNI, onnxruntime's sums of products of bytes saturate; of these "
    "operators, its setting for exact ones does not reach every case",
)
def _no_exact_setting(case: Case) -> bool:
    return is_inexact(case)
