"""Other operators of onnxruntime's own, on words, tokens and rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import NodeCase
from ..deviations import deviates
from ..draw import Draw
from ..registry import Target, generates
from .microsoft_quantized import OWN

_WORDS = (
    "",
    "a",
    "hello world",
    "Übergröße",
    "  two  spaces",
    "x1,y2;z3",
    "日本語 text",
)


@generates("Unique", domain=OWN)
def unique(draw: Draw, target: Target) -> NodeCase:
    """Few values in one axis, NaN not among them."""
    return NodeCase([draw.ties("float32", draw.shape(1, 1, longest=12))], {}, 3)


@generates("Range", domain=OWN)
def numbers(draw: Draw, target: Target) -> NodeCase:
    """Steps up and down that do and do not meet the limit."""
    dtype = draw.one_of(("float32", "float64", "int16", "int32", "int64"))
    shape = draw.one_of(((), (), (1,)))
    start, limit = draw.array(dtype, shape, -9, 9), draw.array(dtype, shape, -9, 9)
    step = np.asarray(draw.array(dtype, shape, 1, 4) * draw.one_of((1, -1)), dtype)
    return NodeCase([start, limit, step if draw.chance(0.7) else None])


@generates("MurmurHash3", domain=OWN)
def murmur_hash(draw: Draw, target: Target) -> NodeCase:
    """Every type and sign."""
    dtype = draw.one_of(("string",) * 3 + ("int32", "uint32", "int64", "uint64",
                                           "float32", "float64"))  # fmt: skip
    shape = draw.shape(0, 3)
    x = draw.strings(shape, _WORDS) if dtype == "string" else draw.array(dtype, shape)
    attributes: dict[str, Any] = {}
    if draw.chance():
        attributes["seed"] = draw.integer(0, 2**31 - 1)
    if draw.chance():
        attributes["positive"] = draw.integer(0, 1)
    return NodeCase([x], attributes)


@generates("Tokenizer", domain=OWN)
def tokenizer(draw: Draw, target: Target) -> NodeCase:
    """Separators, expressions and characters."""
    x = draw.strings(draw.shape(1, 2, longest=4, zero=0.05), _WORDS)
    attributes: dict[str, Any] = {
        "mark": draw.integer(0, 1),
        "mincharnum": draw.integer(1, 3),
        "pad_value": draw.one_of(("#", "", "pad")),
    }
    if draw.chance():
        expressions = (".", "[a-z]+", r"\w+", r"\d", "[a-z]*", "a|ab|wor", "ö|[^ ]")
        attributes["tokenexp"] = draw.one_of(expressions)
        if attributes["tokenexp"] == ".":
            attributes["mincharnum"] = 1
    elif draw.chance(0.2):
        attributes.update(separators=[""], mincharnum=1)
    else:
        choices = (" ", ",", ";|,", "[ ,]+", "o", r"\s", "ll?")
        attributes["separators"] = draw.some_of(choices, 1)
    return NodeCase([x], attributes)


@generates("WordConvEmbedding", domain=OWN)
def word_conv_embedding(draw: Draw, target: Target) -> NodeCase:
    """Words of every length, shorter than the window and empty ones."""
    s, length, vocabulary = draw.integer(1, 5), draw.integer(1, 8), draw.integer(2, 9)
    width, e, m = draw.integer(1, length), draw.integer(1, 4), draw.integer(1, 5)
    ends = draw.array("int64", (s, 1), 0 if draw.chance(0.1) else 1, length)
    sequence = draw.array("int32", (s, length), 1, vocabulary - 1)
    sequence[np.arange(length) >= ends] = 0
    attributes = {}
    if draw.chance():
        attributes = {
            "embedding_size": m,
            "conv_window_size": width,
            "char_embedding_size": e,
        }
    inputs = [sequence, draw.array("float32", (m, 1, width, e))]
    inputs += [draw.array("float32", (m,)), draw.array("float32", (vocabulary, e))]
    return NodeCase(inputs, attributes)


@deviates(
    "WordConvEmbedding",
    reason="onnxruntime leaves what it returns for empty words as it finds it in memory; "
    "here it is 0",
)
def has_empty_words(case: NodeCase) -> bool:
    """A word without characters."""
    sequence = case.inputs[0]
    return isinstance(sequence, np.ndarray) and bool((sequence[:, 0] <= 0).any())


@generates("CDist", domain=OWN)
def cdist(draw: Draw, target: Target) -> NodeCase:
    """Both metrics."""
    dtype = draw.one_of(("float32", "float64"))
    m, k, n = draw.integer(1, 6), draw.integer(1, 6), draw.integer(1, 6)
    metric = draw.one_of((None, "euclidean", "sqeuclidean"))
    a, b = draw.array(dtype, (m, n)), draw.array(dtype, (k, n))
    return NodeCase([a, b], {"metric": metric})


@generates("BifurcationDetector", domain=OWN)
def bifurcation(draw: Draw, target: Target) -> NodeCase:
    """Few different tokens, so that some repeat."""
    source = draw.array("int64", (draw.integer(1, 8),), 0, 3)
    current = draw.array("int64", (draw.integer(1, 6),), 0, 3)
    begin = draw.integer(0, len(source))
    predicted = None
    if draw.chance(0.8):
        predicted = draw.array("int64", (len(source) + 1 - begin,), 0, 3)
        same = draw.integer(0, len(source) - begin)
        predicted[:same] = source[begin : begin + same]
    attributes = {}
    if draw.chance(0.7):
        low = draw.integer(1, 3)
        attributes = {"min_ngram_size": low, "max_ngram_size": draw.integer(low, 5)}
    return NodeCase([source, current, np.asarray(begin), predicted], attributes, 2)


@generates("NGramRepeatBlock", domain=OWN)
def ngram_repeat_block(draw: Draw, target: Target) -> NodeCase:
    """Few different tokens, so that some repeat."""
    b, s, v = draw.integer(1, 3), draw.integer(1, 9), draw.integer(2, 5)
    ids = draw.array("int64", (b, s), 0, v - 1)
    scores = draw.array("float32", (b, v))
    return NodeCase([ids, scores], {"ngram_size": draw.integer(1, 4)})


@generates("DynamicTimeWarping", domain=OWN)
def dynamic_time_warping(draw: Draw, target: Target) -> NodeCase:
    """Costs with and without ties."""
    shape = (draw.integer(1, 9), draw.integer(1, 9))
    make = draw.ties if draw.chance(0.3) else draw.array
    cost = make("float32", shape)
    return NodeCase([cost[None] if draw.chance(0.3) else cost])
