"""Processors on which onnxruntime's products of bytes are not exact."""

from __future__ import annotations

from functools import cache

import numpy as np
from onnx import TensorProto, helper

from ..oracles import onnxruntime_session
from .case import NodeCase
from .deviations import deviates


@cache
def saturates() -> bool:
    """Whether onnxruntime's sums of products of bytes saturate on this processor.

    Without the instructions of VNNI, it adds pairs of products of unsigned and signed bytes
    in 16 bits:
    https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html
    """
    arrays = np.full((1, 2), 255, np.uint8), np.full((2, 1), 127, np.int8)
    kinds = (TensorProto.UINT8, TensorProto.INT8)
    inputs = [
        helper.make_tensor_value_info(f"x{i}", kind, array.shape)
        for i, (kind, array) in enumerate(zip(kinds, arrays))
    ]
    output = helper.make_tensor_value_info("y", TensorProto.INT32, (1, 1))
    node = helper.make_node("MatMulInteger", ["x0", "x1"], ["y"])
    graph = helper.make_graph([node], "bytes", inputs, [output])
    opset = helper.make_opsetid("", 10)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=8)
    session = onnxruntime_session(model, optimized=True)
    (found,) = session.run(None, {f"x{i}": array for i, array in enumerate(arrays)})
    return int(found[0, 0]) != 2 * 255 * 127


def is_inexact(case: NodeCase) -> bool:
    """Whether onnxruntime may not compute a case exactly here."""
    dtypes = {value.dtype for value in case.inputs if isinstance(value, np.ndarray)}
    named = any(word in case.operator for word in ("Q", "Quantize", "Integer"))
    return named and np.dtype(np.int8) in dtypes and saturates()


@deviates(
    *("MatMulInteger", "ConvInteger", "QLinearConv"),
    reason="without VNNI, onnxruntime's sums of products of bytes saturate; of these "
    "operators, its setting for exact ones does not reach every case",
)
def _no_exact_setting(case: NodeCase) -> bool:
    return is_inexact(case)
