"""onnxruntime's own normalisation, products and attention: com.microsoft."""

from __future__ import annotations

from ..ir.program import Call
from ..kernels import fused_attention, fused_matmul, rotary
from ..kernels import group_query_attention as grouped
from ..kernels import skip_normalization as skip
from ..kernels.normalization import rms_normalization
from .context import NodeContext
from .recurrent import DEFAULT_NUMBERS
from .registry import lowers

_OWN = "com.microsoft"


@lowers("SimplifiedLayerNormalization", domain=_OWN)
@lowers("SimplifiedLayerNormalization")  # onnxruntime knows it in this domain too
def simplified_layer_normalization(node: NodeContext) -> Call:
    """1."""
    node.ignore("stash_type")  # kernels compute in float32, or in float64
    statistics = node.has_output(1)
    return node.call(
        skip.rms_normalization_with_statistics if statistics else rms_normalization,
        node.input(0),
        node.input(1),
        axis=node.int("axis", -1),
        epsilon=node.float("epsilon", 1e-5),
        results=2 if statistics else None,
    )


@lowers("SkipLayerNormalization", domain=_OWN)
def skip_layer_normalization(node: NodeContext) -> Call:
    """1."""
    more = any(node.has_output(index) for index in (1, 2, 3))
    return node.call(
        (
            skip.skip_layer_normalization_with_sum
            if more
            else skip.skip_layer_normalization
        ),
        *(node.input(index) for index in range(3)),
        *(node.optional(index) for index in (3, 4)),
        epsilon=node.float("epsilon", 1e-12),
        results=4 if more else None,
    )


@lowers("SkipSimplifiedLayerNormalization", domain=_OWN)
def skip_simplified_layer_normalization(node: NodeContext) -> Call:
    """1."""
    return node.call(
        skip.skip_rms_normalization,
        *(node.input(index) for index in range(3)),
        node.optional(3),
        epsilon=node.float("epsilon", 1e-12),
        results=4,
    )


@lowers("EmbedLayerNormalization", domain=_OWN)
def embed_layer_normalization(node: NodeContext) -> Call:
    """1."""
    node.ignore("mask_index_type")  # whether the second output is wanted
    return node.call(
        skip.embed_layer_normalization,
        *(node.optional(index) for index in range(9)),
        epsilon=node.float("epsilon", 1e-12),
        results=3,
    )


@lowers("FusedMatMul", domain=_OWN)
def fused_matmul_rule(node: NodeContext) -> Call:
    """1, without ``transBatchA`` and ``transBatchB``."""
    for name in ("transBatchA", "transBatchB"):
        if node.int(name, 0):
            raise node.unsupported(f"attribute {name}: expected 0, got 1")
    return node.call(
        fused_matmul.scaled_matmul,
        node.input(0),
        node.input(1),
        alpha=node.float("alpha", 1.0),
        trans_a=bool(node.int("transA", 0)),
        trans_b=bool(node.int("transB", 0)),
    )


@lowers("FusedGemm", domain=_OWN)
def fused_gemm(node: NodeContext) -> Call:
    """1."""
    activation = node.choice("activation", "Relu", tuple(DEFAULT_NUMBERS))
    alpha, beta = DEFAULT_NUMBERS[activation]
    return node.call(
        fused_matmul.gemm_with_activation,
        node.input(0),
        node.input(1),
        node.optional(2),
        activation=activation,
        activation_alpha=node.float("activation_alpha", alpha),
        activation_beta=node.float("activation_beta", beta),
        alpha=node.float("alpha", 1.0),
        beta=node.float("beta", 1.0),
        trans_a=bool(node.int("transA", 0)),
        trans_b=bool(node.int("transB", 0)),
    )


@lowers("MatMulIntegerToFloat", domain=_OWN)
def matmul_integer_to_float(node: NodeContext) -> Call:
    """1."""
    return node.call(
        fused_matmul.matmul_integer_to_float,
        *(node.input(index) for index in range(4)),
        *(node.optional(index) for index in (4, 5, 6)),
    )


@lowers("DynamicQuantizeMatMul", domain=_OWN)
def dynamic_quantize_matmul(node: NodeContext) -> Call:
    """1."""
    return node.call(
        fused_matmul.dynamic_quantize_matmul,
        *(node.input(index) for index in range(3)),
        *(node.optional(index) for index in (3, 4)),
    )


@lowers("RotaryEmbedding", domain=_OWN)
def rotary_embedding(node: NodeContext) -> Call:
    """1, without packed batches: other inputs' order than ONNX's own."""
    node.ignore("max_position")
    if node.int("is_packed_batching", 0) or node.float("scale", 1.0) != 1:
        raise node.unsupported("attributes is_packed_batching, scale: expected 0 and 1")
    x, position_ids, cos_cache, sin_cache = (node.input(index) for index in range(4))
    return node.call(
        rotary.rotary_embedding_from,
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
    """1, with separate query, key and value."""
    for index in (8, 9):
        if node.has_input(index):
            raise node.unsupported(f"input {index}: expected none")
    if node.has_output(3):
        raise node.unsupported("output 3: expected none")
    return node.call(
        fused_attention.multi_head_attention,
        *(node.input(index) for index in range(3)),
        *(node.optional(index) for index in range(3, 8)),
        num_heads=node.int("num_heads"),
        mask_filter_value=node.float("mask_filter_value", -10000.0),
        scale=node.float("scale", 0.0) or None,
        unidirectional=bool(node.int("unidirectional", 0)),
        results=3,
    )


@lowers("Attention", domain=_OWN)
def self_attention(node: NodeContext) -> Call:
    """1, without rotary embedding and shared buffers."""
    for name in ("do_rotary", "past_present_share_buffer", "rotary_embedding_dim"):
        if node.int(name, 0):
            raise node.unsupported(f"attribute {name}: expected 0")
    return node.call(
        fused_attention.self_attention,
        node.input(0),
        node.input(1),
        *(node.optional(index) for index in range(2, 6)),
        num_heads=node.int("num_heads"),
        qkv_hidden_sizes=node.ints("qkv_hidden_sizes", None),
        mask_filter_value=node.float("mask_filter_value", -10000.0),
        scale=node.float("scale", 0.0) or None,
        unidirectional=bool(node.int("unidirectional", 0)),
        results=2,
    )


@lowers("GroupQueryAttention", domain=_OWN)
def group_query_attention(node: NodeContext) -> Call:
    """1, without quantised caches and sinks."""
    node.ignore("kv_cache_bit_width")  # without a type of quantisation there is none
    for name in ("smooth_softmax", "qk_output"):
        if node.int(name, 0) > 0:
            raise node.unsupported(f"attribute {name}: expected 0")
    for name in ("k_quant_type", "v_quant_type"):
        node.choice(name, "NONE", ("NONE",))
    for index in range(11, len(node.inputs)):
        if node.has_input(index):
            raise node.unsupported(f"input {index}: expected none")
    rotary_caches = [node.optional(index) for index in (7, 8)]
    return node.call(
        grouped.group_query_attention,
        node.input(0),
        *(node.optional(index) for index in range(1, 5)),
        node.input(5),
        node.literal(6),
        *(rotary_caches if node.int("do_rotary", 0) else (None, None)),
        *(node.optional(index) for index in (9, 10)),
        num_heads=node.int("num_heads"),
        kv_num_heads=node.int("kv_num_heads"),
        rotary_interleaved=bool(node.int("rotary_interleaved", 0)),
        local_window_size=node.int("local_window_size", -1),
        scale=node.float("scale", 0.0) or None,
        softcap=node.float("softcap", 0.0),
        results=3,
    )
