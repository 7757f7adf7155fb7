"""The shapes of what onnxruntime's operators make, which ONNX's inference does not know."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..ir.graph import Node
from ..ir.types import Dim
from ..traits.operators import operator_traits
from . import _shape_rules as rules
from ._shape_rules import Lengths

LengthsOf = Callable[[str], Lengths]


def shapes_of(node: Node, lengths: LengthsOf) -> Iterator[Lengths]:
    """Yield the shape of each result, None where it is unknown; further ones are not known."""
    inputs = [lengths(name) if name else None for name in node.inputs]
    rule = RULES.get(node.operator)
    if operator_traits(node.domain, node.operator).keeps_shape:
        yield inputs[0]
        if node.operator in _SKIPPING:
            yield from (
                None,
                None,
                inputs[0],
            )  # the last is the sum, before it is normalized
    elif rule is not None:
        yield rule(node.attributes, inputs)


def stand_in(node: Node) -> Node:
    """Return an operator of ONNX whose results have the same types, or the node itself."""
    operator, version, inputs = _STAND_INS.get(node.operator, ("", 0, 0))
    if node.domain != "com.microsoft" or not operator:
        return node
    attributes = {k: v for k, v in node.attributes.items() if k not in _OWN}
    if node.attributes.get("channels_last", 0):
        return node
    return replace(
        node,
        operator=operator,
        domain="",
        version=version,
        inputs=node.inputs[:inputs],
        attributes=attributes,
    )


_STAND_INS = {
    "FusedConv": ("Conv", 11, 3),
    "FusedGemm": ("Gemm", 13, 3),
    "GatherND": ("GatherND", 13, 2),
    "QLinearConv": ("QLinearConv", 10, 9),
}
"""The operator of ONNX, its version, and how many inputs it has."""

_OWN = (
    "activation",
    "activation_alpha",
    "activation_beta",
    "activation_gamma",
    "activation_params",
    "channels_last",
)
"""Attributes that ONNX's operators do not have."""

_SKIPPING = ("SkipLayerNormalization", "SkipSimplifiedLayerNormalization")

Rule = Callable[[Mapping[str, Any], "list[Lengths]"], Lengths]


def _product(attributes: Mapping[str, Any], inputs: list[Lengths]) -> Lengths:
    return rules.matmul(inputs[0], inputs[1])


def _fused_product(attributes: Mapping[str, Any], inputs: list[Lengths]) -> Lengths:
    """Of matrices that may be transposed."""
    if attributes.get("transBatchA", 0) or attributes.get("transBatchB", 0):
        return None
    factors = list(inputs[:2])
    for place, name in enumerate(("transA", "transB")):
        x = factors[place]
        if attributes.get(name, 0) and x is not None:
            factors[place] = (*x[:-2], *x[:-3:-1])
    return rules.matmul(factors[0], factors[1])


def _packed_product(attributes: Mapping[str, Any], inputs: list[Lengths]) -> Lengths:
    """By a matrix of ``N`` columns in a form of its own."""
    x = inputs[0]
    return (
        None if not x or not attributes.get("transB", 1) else (*x[:-1], attributes["N"])
    )


def _attention(attributes: Mapping[str, Any], inputs: list[Lengths]) -> Lengths:
    """[B, S, D] by weights [D, 3 * E] -> [B, S, E]."""
    x, weights = inputs[:2]
    if x is None or weights is None or len(x) != 3 or len(weights) != 2:
        return None
    sizes: Any = attributes.get("qkv_hidden_sizes") or ()
    columns = weights[1]
    last: Dim = columns // 3 if isinstance(columns, int) else None
    return (*x[:2], sizes[2] if len(sizes) == 3 else last)


def _multi_head_attention(
    attributes: Mapping[str, Any], inputs: list[Lengths]
) -> Lengths:
    """[B, S, D] and values [B, L, F] -> [B, S, F]; other forms have their own lengths."""
    query, value = inputs[0], inputs[2] if len(inputs) > 2 else None
    if query is None or len(query) not in (3, 5):
        return None
    known = value is not None and len(value) == 3
    return (*query[:2], value[2] if value is not None and known else None)


def _group_query_attention(
    attributes: Mapping[str, Any], inputs: list[Lengths]
) -> Lengths:
    """[B, S, D]: that of the queries, which may have keys and values behind them."""
    query, key = inputs[0], inputs[1] if len(inputs) > 1 else None
    if query is None or len(query) != 3:
        return None
    return query if key is not None else (*query[:2], None)


def _embedding(attributes: Mapping[str, Any], inputs: list[Lengths]) -> Lengths:
    """Words [B, S] and a table [V, E] -> [B, S, E]."""
    return rules.gather(inputs[2], inputs[0], 0)


def _of_both(attributes: Mapping[str, Any], inputs: list[Lengths]) -> Lengths:
    """Of two tensors, each before its scale and its zero point."""
    return rules.broadcast((inputs[0], inputs[3]))


RULES: Mapping[str, Rule] = {
    "Attention": _attention,
    "DynamicQuantizeMatMul": _product,
    "EmbedLayerNormalization": _embedding,
    "FusedMatMul": _fused_product,
    "GroupQueryAttention": _group_query_attention,
    "MatMulBnb4": _packed_product,
    "MatMulInteger16": _product,
    "MatMulIntegerToFloat": _product,
    "MatMulNBits": _packed_product,
    "MultiHeadAttention": _multi_head_attention,
    "QAttention": _attention,
    "QLinearAdd": _of_both,
    "QLinearMul": _of_both,
    "TransposeMatMul": _fused_product,
}
