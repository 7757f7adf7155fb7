"""onnxruntime's own kinds of attention: com.microsoft."""

from __future__ import annotations

from ..ir.program import Argument, Call, Operation
from ..kernels import attention_group_query as grouped
from ..kernels import attention_linear as linear
from ..kernels import attention_multi_head
from ..kernels import attention_self as projected
from ..kernels import attention_sparse as sparse
from ..kernels import rotary_embedding as rotary
from .attention import linear_attention
from .context import NodeContext
from .registry import lowers

_OWN = "com.microsoft"


@lowers("RotaryEmbedding", domain=_OWN)
def rotary_embedding(node: NodeContext) -> Call:
    """1: other inputs' order than ONNX's own."""
    # onnxruntime does not look at the scale; packing only lifts a limit of the length.
    node.ignore("scale", "is_packed_batching", "max_position")
    x, position_ids, cos_cache, sin_cache = (node.input(index) for index in range(4))
    return node.call(
        rotary.rotary_embedding_at,
        x,
        position_ids,
        cos_cache,
        sin_cache,
        interleaved=bool(node.int("interleaved", 0)),
        num_heads=node.int("num_heads", 0),
        rotary_embedding_dim=node.int("rotary_embedding_dim", 0),
    )


@lowers("MultiHeadAttention", domain=_OWN)
def multi_head_attention(node: NodeContext) -> Call:
    """1."""
    kv = (node.optional(index) for index in range(1, 10))
    return _multi_head(node, node.input(0), *kv)


@lowers("DecoderMaskedMultiHeadAttention", domain=_OWN)
def decoder_masked_multi_head_attention(node: NodeContext) -> Call:
    """1, without packed queries: one query of each sequence, other inputs' order."""
    if not node.has_input(1):
        raise node.unsupported("input 1, key: expected one", "do not pack the inputs")
    node.ignore("past_present_share_buffer", "output_qk")  # inputs and outputs say so
    # The beam width is an axis of the indirection.
    query, key, value, mask, attention_bias, *past = (
        node.optional(index) for index in range(8)
    )
    if past[0] is None:
        past[2] = None
    bias, indirection = node.optional(10), node.optional(9)
    return _multi_head(
        node, query, key, value, bias, mask, attention_bias, *past, indirection
    )


def _multi_head(node: NodeContext, *inputs: Argument) -> Call:
    options: dict[str, Argument] = {"output_qk": True} if node.has_output(3) else {}
    return node.call(
        attention_multi_head.multi_head_attention,
        *inputs,
        num_heads=node.int("num_heads"),
        **_score_options(node),
        **options,
        results=4 if options else 3,
    )


def _score_options(node: NodeContext) -> dict[str, Argument]:
    return {
        "mask_filter_value": node.float("mask_filter_value", -10000.0),
        "scale": node.float("scale", 0.0) or None,
        "unidirectional": bool(node.int("unidirectional", 0)),
    }


@lowers("Attention", domain=_OWN)
def self_attention(node: NodeContext) -> Call:
    """1, without rotary embedding and shared buffers."""
    if node.int("do_rotary", 0):
        raise node.unsupported("attribute do_rotary: expected 0")
    if node.int("past_present_share_buffer", 0) and node.has_input(4):
        raise node.unsupported("attribute past_present_share_buffer: expected 0")
    node.ignore("rotary_embedding_dim")  # without do_rotary
    sizes = node.ints("qkv_hidden_sizes", None)
    if node.has_output(1) and sizes and sizes[0] != sizes[-1]:
        raise node.unsupported("output 1: expected none, since heads differ in size")
    return node.call(
        projected.self_attention,
        node.input(0),
        node.input(1),
        *(node.optional(index) for index in range(2, 6)),
        num_heads=node.int("num_heads"),
        qkv_hidden_sizes=sizes,
        **_score_options(node),
        results=2,
    )


@lowers("LinearAttention", domain=_OWN)
def linear_attention_in_steps(node: NodeContext) -> Operation:
    """1, without a window of states."""
    _no_window(node)
    rule = node.string("update_rule", "gated_delta")
    for index, name in ((4, "gated"), (5, "delta")):
        if name in rule and not node.has_input(index):
            raise node.unsupported(f"input {index}: expected a value for {rule}")
    return linear_attention(node)


@lowers("CausalConvWithState", domain=_OWN)
def causal_conv(node: NodeContext) -> Call:
    """1, without a window of states, and along one axis."""
    _no_window(node)
    last = bool(node.int("channels_last", 0))
    other = {
        "ndim": 1, "state_update_capacity": 0, "state_channels_last": -1,
        "state_length": 0, "input_channel_offset": 0, "input_channels": 0,
    }  # fmt: skip
    for name, usual in other.items():
        if node.int(name, usual) != usual:
            raise node.unsupported(f"attribute {name}: expected {usual}")
    return node.call(
        (
            linear.causal_conv_with_state_channels_last
            if last
            else linear.causal_conv_with_state
        ),
        *(node.input(index) for index in range(2)),
        *(node.optional(index) for index in range(2, 4)),
        activation=node.choice("activation", "none", ("none", "silu", "swish")),
        dilation=node.int("dilation", 1),
        results=2,
    )


def _no_window(node: NodeContext) -> None:
    if node.int("state_window", 0):
        raise node.unsupported("attribute state_window: expected 0")


@lowers("GroupQueryAttention", domain=_OWN)
def group_query_attention(node: NodeContext) -> Call:
    """1, without normalization of queries and keys."""
    node.ignore("kv_cache_bit_width")  # the type of the cache says so
    node.ignore("q_norm_epsilon", "k_norm_epsilon", "qk_norm_epsilon")
    if node.has_input(14) or node.has_input(15):
        raise node.unsupported("inputs 14 and 15, weights of norms: expected none")
    wanted = node.int("qk_output", 0)
    return node.call(
        grouped.group_query_attention,
        node.input(0),
        *(node.optional(index) for index in range(1, 5)),
        node.input(5),
        node.literal(6),
        *_rotary_caches(node, 7),
        *(node.optional(index) for index in (9, 10, 11)),
        *_cache_scales(node),
        node.optional(16),
        num_heads=node.int("num_heads"),
        kv_num_heads=node.int("kv_num_heads"),
        rotary_interleaved=bool(node.int("rotary_interleaved", 0)),
        local_window_size=node.int("local_window_size", -1),
        scale=node.float("scale", 0.0) or None,
        softcap=node.float("softcap", 0.0),
        causal=bool(node.int("causal", 1)),
        sliding_window_cache=bool(node.int("sliding_window_cache", 0)),
        smooth_softmax=node.int("smooth_softmax", -1) > 0,
        qk_output=wanted if node.has_output(3) else 0,
        results=4 if node.has_output(3) else 3,
    )


def _rotary_caches(node: NodeContext, first: int) -> tuple[Argument, Argument]:
    if not node.int("do_rotary", 0):
        return None, None
    return node.input(first), node.input(first + 1)


def _cache_scales(node: NodeContext) -> tuple[Argument, Argument]:
    """Return the scales of keys and of values, None where they are not quantized."""
    kinds = ("NONE", "PER_TENSOR", "PER_CHANNEL")
    chosen = [node.choice(f"{name}_quant_type", "NONE", kinds) for name in "kv"]
    if chosen == ["NONE", "NONE"]:
        return None, None
    if not node.has_input(3) or not node.has_input(4):
        raise node.unsupported("inputs 3 and 4: expected caches, whose types tell ours")
    if node.dtype(3) not in (None, "int8", "uint8"):
        raise node.unsupported(f"input 3: expected int8 or uint8, got {node.dtype(3)}")
    scales = (node.input(index) for index in (12, 13))
    key, value = (
        None if kind == "NONE" else scale for kind, scale in zip(chosen, scales)
    )
    return key, value


@lowers("SparseAttention", domain=_OWN)
def sparse_attention(node: NodeContext) -> Call:
    """1."""
    return node.call(
        sparse.sparse_attention,
        node.input(0),
        *(node.optional(index) for index in (1, 2)),
        *(node.input(index) for index in (3, 4, 5, 6)),
        node.literal(7),
        node.input(8),
        *_rotary_caches(node, 9),
        num_heads=node.int("num_heads"),
        kv_num_heads=node.int("kv_num_heads"),
        sparse_block_size=node.int("sparse_block_size"),
        rotary_interleaved=bool(node.int("rotary_interleaved", 0)),
        scale=node.float("scale", 0.0) or None,
        results=3,
    )
