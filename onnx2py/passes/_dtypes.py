"""Element types that ONNX's inference leaves open: it knows none of onnxruntime's operators."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..decode.definitions import output_types
from ..ir.graph import Graph, Node
from ..ir.types import TensorType, ValueType, tensor_type_of
from ._halves import slots_of

FIRST = frozenset({
    "Attention", "BiasGelu", "BranchwiseRMSNorm", "CDist", "CausalConvWithState",
    "ConvTransposeWithDynamicPads", "CropAndResize", "DecoderMaskedMultiHeadAttention",
    "ExpandDims", "FastGelu", "FusedConv", "FusedGemm", "FusedMatMul", "GatedAdd",
    "GatedRMSNorm", "GatherND", "Gelu", "GridSample", "Inverse", "LinearAttention",
    "MatMulBnb4", "MatMulNBits", "MaxpoolWithMask", "MoE", "MultiHeadAttention",
    "NhwcMaxPool", "Pad", "QuickGelu", "RotaryEmbedding", "ScaledSiLU", "SparseAttention",
    "TransposeMatMul", "Trilu", "UnfoldTensor",
})  # fmt: skip
"""Microsoft's operators whose results have the element type of the first input."""

OTHERS: dict[str, tuple[int | str, ...]] = {
    "DequantizeLinear": (1,),
    "EmbedLayerNormalization": (2, "int32", 2),
    "GatherBlockQuantized": (2,),
    "GroupQueryAttention": (0, 3, 4, 0),  # without a past, what is cached is not known
    "MatMulIntegerToFloat": (2,),
    "QAttention": (3, 3),
    "SimplifiedLayerNormalization": (1, "float32"),
    "SkipLayerNormalization": (0, "float32", "float32", 0),
    "SkipSimplifiedLayerNormalization": (0, "float32", "float32", 0),
    "WordConvEmbedding": (1,),
}
"""Others: the element type of each result, or the input that has the same."""

DROPPED = frozenset({
    "Affine", "Crop", "GivenTensorFill", "ImageScaler", "MeanVarianceNormalization",
    "ParametricSoftplus", "Scale", "ScaledTanh", "SimplifiedLayerNormalization",
})  # fmt: skip
"""Operators that ONNX has no longer, or never had, of which the same is true as of FIRST."""


def with_element_types(graph: Graph) -> dict[str, ValueType]:
    """Return the types of a graph's values, with those that can be told from the operators."""
    types = dict(graph.types)
    _complete(graph, types, {})
    return types


def _complete(
    graph: Graph, types: dict[str, ValueType], outer: Mapping[str, np.ndarray]
) -> None:
    constants = {**outer, **graph.constants}
    for name, array in graph.constants.items():
        types.setdefault(name, tensor_type_of(array))
    for node in graph.nodes:
        for slot in slots_of(node) if node.subgraphs else ():
            if slot.read is not None and slot.given is not None:
                for body in node.subgraphs.values():
                    _take(types, body.inputs[slot.given], node.inputs[slot.read])
        for body in node.subgraphs.values():
            _complete(body, types, constants)
        for slot in slots_of(node) if node.subgraphs else ():
            if slot.returned is not None and slot.made is not None:
                body = next(iter(node.subgraphs.values()))
                _take(types, node.outputs[slot.made], body.outputs[slot.returned])
        if not node.subgraphs and not all(n in types for n in node.outputs if n):
            _of_results(node, types, constants)


def _take(types: dict[str, ValueType], name: str, source: str) -> None:
    """Give a value the element type of another, if it has none; lengths may differ."""
    kind = types.get(source)
    if name and name not in types and isinstance(kind, TensorType):
        types[name] = TensorType(kind.dtype)


def _of_results(
    node: Node, types: dict[str, ValueType], constants: Mapping[str, np.ndarray]
) -> None:
    """Note what is known of the results of a node."""
    known = node.domain == "com.microsoft" or node.operator in DROPPED
    if not known or node.domain not in ("", "com.microsoft"):
        for name, kind in output_types(node, types, constants).items():
            types.setdefault(name, kind)
        return
    same = (0,) * len(node.outputs) if node.operator in FIRST | DROPPED else ()
    for name, source in zip(node.outputs, OTHERS.get(node.operator, same)):
        if isinstance(source, str):
            types.setdefault(name, TensorType(source))
        elif source < len(node.inputs):
            _take(types, name, node.inputs[source])
    types.pop("", None)
