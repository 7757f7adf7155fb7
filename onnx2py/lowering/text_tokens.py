"""onnxruntime's operators on tokens, words and rows, of the domain com.microsoft."""

from __future__ import annotations

from ..ir.program import Call
from ..kernels import text_hashing, text_tokens
from .context import NodeContext
from .registry import lowers


@lowers("MurmurHash3", domain="com.microsoft")
def murmur_hash3(node: NodeContext) -> Call:
    """1: the only version."""
    return node.call(
        text_hashing.murmur_hash3,
        node.input(0),
        seed=node.int("seed", 0),
        positive=bool(node.int("positive", 1)),
    )


@lowers("NGramRepeatBlock", domain="com.microsoft")
def ngram_repeat_block(node: NodeContext) -> Call:
    """1: the only version."""
    return node.call(
        text_tokens.ngram_repeat_block,
        node.input(0),
        node.input(1),
        ngram_size=node.int("ngram_size"),
    )


@lowers("BifurcationDetector", domain="com.microsoft")
def bifurcation_detector(node: NodeContext) -> Call:
    """1: the only version."""
    return node.call(
        text_tokens.bifurcation_detector,
        node.input(0),
        node.input(1),
        node.input(2),
        node.optional(3),
        min_ngram_size=node.int("min_ngram_size", 1),
        max_ngram_size=node.int("max_ngram_size", 3),
        results=2,
    )


@lowers("WordConvEmbedding", domain="com.microsoft")
def word_conv_embedding(node: NodeContext) -> Call:
    """1: the only version. Its attributes repeat lengths that the weights have."""
    node.ignore("embedding_size", "conv_window_size", "char_embedding_size")
    return node.call(
        text_tokens.word_conv_embedding,
        *(node.input(index) for index in range(4)),
    )


@lowers("CDist", domain="com.microsoft")
def cdist(node: NodeContext) -> Call:
    """1: the only version."""
    metric = node.choice("metric", "sqeuclidean", ("euclidean", "sqeuclidean"))
    return node.call(
        text_tokens.cdist,
        node.input(0),
        node.input(1),
        squared=metric == "sqeuclidean",
    )
