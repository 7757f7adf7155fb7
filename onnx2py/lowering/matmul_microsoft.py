"""onnxruntime's own products: com.microsoft."""

from __future__ import annotations

from ..ir.program import Call
from ..kernels import matmul_fused
from ..kernels import mixture_of_experts as experts
from .context import NodeContext
from .recurrent import DEFAULT_NUMBERS
from .registry import lowers

_OWN = "com.microsoft"


@lowers("FusedMatMul", domain=_OWN)
def fused_matmul_rule(node: NodeContext) -> Call:
    """1."""
    return node.call(
        matmul_fused.fused_matmul,
        node.input(0),
        node.input(1),
        alpha=node.float("alpha", 1.0),
        trans_a=bool(node.int("transA", 0)),
        trans_b=bool(node.int("transB", 0)),
        trans_batch_a=bool(node.int("transBatchA", 0)),
        trans_batch_b=bool(node.int("transBatchB", 0)),
    )


_NUMBERS = {
    **DEFAULT_NUMBERS,
    "Selu": (1.6732632, 0.0),
    "Celu": (1.0, 0.0),
    "ParametricSoftplus": (1.0, 1.0),
}
"""The activations that Gemm is fused with, and their alpha and beta by default."""


@lowers("FusedGemm", domain=_OWN)
def fused_gemm(node: NodeContext) -> Call:
    """1."""
    activation = node.choice("activation", "", tuple(_NUMBERS))
    alpha, beta = _NUMBERS[activation]
    gamma = node.float("activation_gamma", 1.050701)
    return node.call(
        matmul_fused.fused_gemm,
        node.input(0),
        node.input(1),
        node.optional(2),
        activation=activation,
        activation_alpha=node.float("activation_alpha", alpha),
        activation_beta=node.float("activation_beta", beta),
        activation_gamma=gamma if activation == "Selu" else 1.0,
        alpha=node.float("alpha", 1.0),
        beta=node.float("beta", 1.0),
        trans_a=bool(node.int("transA", 0)),
        trans_b=bool(node.int("transB", 0)),
    )


@lowers("MatMulIntegerToFloat", domain=_OWN)
def matmul_integer_to_float(node: NodeContext) -> Call:
    """1."""
    return node.call(
        matmul_fused.matmul_integer_to_float,
        *(node.input(index) for index in range(4)),
        *(node.optional(index) for index in (4, 5, 6)),
    )


@lowers("DynamicQuantizeMatMul", domain=_OWN)
def dynamic_quantize_matmul(node: NodeContext) -> Call:
    """1."""
    return node.call(
        matmul_fused.dynamic_quantize_matmul,
        *(node.input(index) for index in range(3)),
        *(node.optional(index) for index in (3, 4)),
    )


@lowers("MoE", domain=_OWN)
def mixture_of_experts(node: NodeContext) -> Call:
    """1, with two layers to an expert, as onnxruntime has it without a GPU."""
    kinds = ("relu", "gelu", "silu", "swiglu", "identity")
    activation = node.choice("activation_type", "relu", kinds)
    if node.has_input(6):
        raise node.unsupported("input 6, fc3_experts_weights: expected none")
    node.ignore("swiglu_fusion")  # of other activations
    expected = {"use_sparse_mixer": 0, "swiglu_limit_after_activation": 0}
    if activation == "swiglu":
        expected["swiglu_fusion"] = 1
    for name, value in expected.items():
        if node.int(name, 0) != value:
            raise node.unsupported(f"attribute {name}: expected {value}")
    return node.call(
        experts.mixture_of_experts,
        *(node.input(index) for index in range(3)),
        node.optional(3),
        node.input(4),
        node.optional(5),
        k=node.int("k", 1),
        activation_type=activation,
        normalize_routing_weights=bool(node.int("normalize_routing_weights", 0)),
        activation_alpha=node.float("activation_alpha", 1.0),
        activation_beta=node.float("activation_beta", 0.0),
        swiglu_limit=node.float("swiglu_limit", None),
    )
