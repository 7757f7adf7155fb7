"""Attention and what comes with it."""

from __future__ import annotations

from ..ir.program import Argument, Call
from ..kernels import attention as kernels
from ..kernels import attention_linear as linear
from ..kernels import rotary_embedding as rotary
from .context import NodeContext
from .registry import lowers


@lowers("Attention", since=23)
def attention(node: NodeContext) -> Call:
    """23; 24: ``nonpad_kv_seqlen``; 25: windows."""
    precision = node.int("softmax_precision", None)
    mode = node.int("qk_matmul_output_mode", 0)
    if mode not in (0, 1, 2, 3):
        raise node.unsupported(f"attribute qk_matmul_output_mode: got {mode}")
    options: dict[str, Argument] = {
        "q_num_heads": node.int("q_num_heads", 0),
        "kv_num_heads": node.int("kv_num_heads", 0),
        "is_causal": bool(node.int("is_causal", 0)),
        "left_window_size": node.int("left_window_size", -1),
        "right_window_size": node.int("right_window_size", -1),
        "scale": node.float("scale", None),
        "softcap": node.float("softcap", 0.0),
    }
    if precision is not None and not _is_own(node, precision):
        options["softmax_precision"] = node.element_type("softmax_precision")
    inputs = [node.optional(index) for index in range(3, 7)]
    heads = [node.input(index) for index in range(3)]
    if not any(node.has_output(index) for index in (1, 2, 3)):
        return node.call(kernels.attention, *heads, *inputs, **options)
    if node.has_output(3):
        options["qk_matmul_output_mode"] = mode
    results = 4 if node.has_output(3) else 3
    function = kernels.attention_with_cache
    return node.call(function, *heads, *inputs, results=results, **options)


def _is_own(node: NodeContext, precision: int) -> bool:
    """Whether the softmax has that precision anyway."""
    return precision == {"float32": 1, "float16": 1, "bfloat16": 1, "float64": 11}.get(
        node.dtype(0) or ""
    )


@lowers("FlexAttention", domain="ai.onnx.preview")
def flex_attention(node: NodeContext) -> Call:
    """1, without subgraphs."""
    for name in ("score_mod", "prob_mod"):
        if node.has(name):
            raise node.unsupported(
                f"attribute {name}: subgraphs have no rule here",
                "export the model with Attention, or its parts",
            )
    options: dict[str, Argument] = {"scale": node.float("scale", None)}
    precision = node.int("softmax_precision", None)
    if precision is not None and not _is_own(node, precision):
        options["softmax_precision"] = node.element_type("softmax_precision")
    inputs = [node.input(index) for index in range(3)]
    return node.call(kernels.attention, *inputs, **options)


@lowers("RotaryEmbedding", since=23)
def rotary_embedding(node: NodeContext) -> Call:
    """23."""
    return node.call(
        rotary.rotary_embedding,
        *(node.input(index) for index in range(3)),
        node.optional(3),
        interleaved=bool(node.int("interleaved", 0)),
        num_heads=node.int("num_heads", 0),
        rotary_embedding_dim=node.int("rotary_embedding_dim", 0),
    )


@lowers("LinearAttention", since=27)
def linear_attention(node: NodeContext) -> Call:
    """27."""
    node.ignore("chunk_size")  # a hint
    rules = ("linear", "gated", "delta", "gated_delta")
    return node.call(
        linear.linear_attention,
        *(node.input(index) for index in range(3)),
        *(node.optional(index) for index in range(3, 6)),
        q_num_heads=node.int("q_num_heads"),
        kv_num_heads=node.int("kv_num_heads"),
        scale=node.float("scale", 0.0),
        update_rule=node.choice("update_rule", "gated_delta", rules),
        results=2,
    )


@lowers("CausalConvWithState", since=27)
def causal_conv_with_state(node: NodeContext) -> Call:
    """27."""
    return node.call(
        linear.causal_conv_with_state,
        *(node.input(index) for index in range(2)),
        *(node.optional(index) for index in range(2, 4)),
        activation=node.choice("activation", "none", ("none", "silu", "swish")),
        results=2,
    )
