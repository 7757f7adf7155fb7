"""onnxruntime's own attention by a state, the convolution before it, and rotation."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import NodeCase
from ..draw import Draw
from ..registry import Target, generates
from .microsoft_quantized import OWN


@generates("LinearAttention")
@generates("LinearAttention", domain=OWN)
def linear_attention(draw: Draw, target: Target) -> NodeCase:
    """Every rule; more heads of queries than of keys, and fewer."""
    rule = draw.one_of((None, "linear", "gated", "delta", "gated_delta"))
    dtype = draw.one_of(("float32", "float32", "float32", "float16"))
    batch, steps = draw.length(3), draw.length(5)
    heads, several = draw.integer(1, 3), draw.integer(1, 3)
    counts = [heads * several, heads]
    if target.domain and draw.chance(0.2):
        counts.reverse()
    size, width = draw.integer(1, 5), draw.integer(1, 5)
    attributes: dict[str, Any] = dict(zip(("q_num_heads", "kv_num_heads"), counts))
    if rule:
        attributes["update_rule"] = rule
    if draw.chance(0.3):
        attributes["scale"] = draw.one_of((0.0, draw.number(0.1, 2)))
    if draw.chance(0.3):
        attributes["chunk_size"] = draw.one_of((1, 2, 64))
    groups, rule = counts[1], rule or "gated_delta"
    start = (batch, steps)
    state = decay = beta = None
    if draw.chance():
        state = draw.array(dtype, (batch, groups, size, width))
    if "gated" in rule or draw.chance(0.1):
        last = draw.one_of((groups, groups * size))
        decay = draw.array(dtype, (*start, last), -2, 0)
    if "delta" in rule or draw.chance(0.1):
        beta = draw.array(dtype, (*start, draw.one_of((1, groups))), 0, 1)
    inputs = [
        draw.array(dtype, (*start, counts[0] * size)),
        draw.array(dtype, (*start, groups * size), -1, 1),
        draw.array(dtype, (*start, groups * width)),
    ]
    return NodeCase([*inputs, state, decay, beta], attributes, 2)


@generates("CausalConvWithState")
@generates("CausalConvWithState", domain=OWN)
def causal_conv(draw: Draw, target: Target) -> NodeCase:
    """Channels first and last, with and without a state."""
    batch, length, taps = draw.length(3), draw.length(6), draw.integer(1, 4)
    channels = [draw.integer(1, 4)]
    attributes: dict[str, Any] = {}
    if draw.chance(0.7):
        attributes["activation"] = draw.one_of(("none", "silu", "swish"))
    own = bool(target.domain)  # what ONNX did not take over
    if own and draw.chance(0.4):
        attributes["dilation"] = draw.integer(1, 3)
    past = (taps - 1) * attributes.get("dilation", 1)
    last = own and draw.chance(0.4)
    if last or own and draw.chance(0.2):
        attributes["channels_last"] = int(last)
    if last and draw.chance(0.3):
        channels.append(draw.integer(1, 3))
    if own and draw.chance(0.2):
        attributes["ndim"] = 1
    x, state = (
        draw.array("float32", (batch, n, *channels) if last else (batch, *channels, n))
        for n in (length, past)
    )
    count = int(np.prod(channels))
    bias = draw.array("float32", (count,)) if draw.chance() else None
    weight = draw.array("float32", (count, 1, taps))
    return NodeCase([x, weight, bias, state if draw.chance() else None], attributes, 2)


@generates("RotaryEmbedding", domain=OWN)
def rotary_embedding(draw: Draw, target: Target) -> NodeCase:
    """By head or not, a part of each head, one position for all or one for each."""
    dtype = draw.one_of(("float32", "float32", "float16"))
    batch, steps, heads = draw.length(3), draw.length(5), draw.integer(1, 3)
    half, rows = draw.integer(1, 4), steps + draw.integer(1, 4)
    size = 2 * half
    attributes: dict[str, Any] = {}
    if draw.chance(0.4):
        attributes["rotary_embedding_dim"] = size
        size += draw.one_of((0, 2, 4))
        attributes["num_heads"] = heads
    elif draw.chance(0.3):
        attributes["num_heads"] = heads
    for name in ("interleaved", "is_packed_batching"):
        if draw.chance(0.3):
            attributes[name] = draw.integer(0, 1)
    if draw.chance(0.1):
        attributes["scale"] = draw.number(0.5, 2)
    shape = (
        (batch, heads, steps, size) if draw.chance() else (batch, steps, heads * size)
    )
    ids = draw.array("int64", (batch, steps), 0, rows - 1)
    if draw.chance(0.4):
        ids = draw.array("int64", draw.one_of(((1,), ())), 0, rows - steps)
    caches = [draw.array(dtype, (rows, half), -1, 1) for _ in range(2)]
    return NodeCase([draw.array(dtype, shape), ids, *caches], attributes)
