"""onnxruntime's own normalization and gates: com.microsoft."""

from __future__ import annotations

from ..ir.program import Call
from ..kernels import normalization_gated as gated
from ..kernels import normalization_skip as skip
from ..kernels.normalization import rms_normalization
from .context import NodeContext
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


@lowers("GatedRMSNorm", domain=_OWN)
def gated_rms_norm(node: NodeContext) -> Call:
    """1."""
    return node.call(
        gated.gated_rms_normalization,
        *(node.input(index) for index in range(3)),
        activation=node.choice("activation", "silu", ("silu", "swish", "sigmoid")),
        epsilon=node.float("epsilon", 1e-5),
    )


@lowers("BranchwiseRMSNorm", domain=_OWN)
def branchwise_rms_norm(node: NodeContext) -> Call:
    """1."""
    return node.call(
        gated.branchwise_rms_normalization,
        node.input(0),
        node.optional(1),
        num_branches=node.int("num_branches", 0),
        epsilon=node.float("epsilon", 1e-5),
    )


@lowers("ScaledSiLU", domain=_OWN)
def scaled_silu(node: NodeContext) -> Call:
    """1."""
    alpha = node.float("alpha", 1.0)
    scale = node.optional(1) if node.has_input(1) else alpha
    return node.call(gated.scaled_silu, node.input(0), scale)


@lowers("GatedAdd", domain=_OWN)
def gated_add(node: NodeContext) -> Call:
    """1, without a projection of the gate."""
    if node.has_input(3):
        raise node.unsupported("input 3, gate_weight: expected none")
    return node.call(gated.gated_add, *(node.input(index) for index in range(3)))
