"""Attention, and the positions of tokens."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import NodeCase
from ..deviations import deviates
from ..draw import Draw
from ..registry import Target, generates


@generates("RotaryEmbedding")
def rotary_embedding(draw: Draw, target: Target) -> NodeCase:
    """Three axes or four, halves and pairs, a part of each head, with positions or tables."""
    batch, heads, steps = draw.integer(1, 3), draw.integer(1, 3), draw.integer(1, 4)
    size = 2 * draw.integer(1, 4)
    attributes: dict[str, Any] = {}
    part = size
    if draw.chance(0.3):
        part = attributes["rotary_embedding_dim"] = 2 * draw.integer(1, size // 2)
    if draw.chance():
        attributes["interleaved"] = draw.integer(0, 1)
    flat = draw.chance()
    shape: tuple[int, ...] = (batch, heads, steps, size)
    if flat:
        shape = (batch, steps, heads * size)
    if flat or part != size:
        attributes["num_heads"] = heads
    x = draw.array("float32", shape)
    if draw.chance():
        tables = [draw.array("float32", (9, part // 2), -1, 1) for _ in range(2)]
        places = draw.rng.integers(0, 9, (batch, steps))
        return NodeCase([x, *tables, places], attributes)
    size_ = (batch, steps, part // 2)
    tables = [draw.array("float32", size_, -1, 1) for _ in range(2)]
    return NodeCase([x, *tables], attributes)


@generates("Attention")
def attention(draw: Draw, target: Target) -> NodeCase:
    """Grouped heads, masks, a past, causal ones; three axes or four."""
    batch, groups, queries = draw.integer(1, 2), draw.integer(1, 2), draw.integer(1, 4)
    heads = groups * draw.integer(1, 2)
    size, wide, keys = draw.integer(1, 4), draw.integer(1, 4), draw.integer(1, 5)
    attributes: dict[str, Any] = {}
    flat = draw.chance(0.4)

    def tensor(count: int, length: int, depth: int) -> Any:
        x = draw.array("float32", (batch, count, length, depth))
        if not flat:
            return x
        return np.ascontiguousarray(
            x.transpose(0, 2, 1, 3).reshape(batch, length, count * depth)
        )

    inputs: list[Any] = [
        tensor(heads, queries, size),
        tensor(groups, keys, size),
        tensor(groups, keys, wide),
    ]
    if flat:
        attributes.update(q_num_heads=heads, kv_num_heads=groups)
    past = draw.integer(1, 3) if draw.chance(0.3) else 0
    if draw.chance(0.5):
        shapes = ((queries, keys + past), (batch, 1, queries, keys + past))
        shape = draw.one_of((*shapes, (batch, heads, queries, keys + past)))
        if draw.chance():
            mask = draw.rng.random(shape) < 0.7
            mask[..., 0] = True  # a row without keys is nobody's business
        else:
            mask = draw.array("float32", shape)
        inputs.append(mask)
    elif past:
        inputs.append(None)
    if past:
        inputs.append(draw.array("float32", (batch, groups, past, size)))
        inputs.append(draw.array("float32", (batch, groups, past, wide)))
    if draw.chance(0.3) and not (past and len(inputs) > 3 and inputs[3] is not None):
        attributes["is_causal"] = 1
    if draw.chance(0.3):
        attributes["scale"] = draw.number(0.1, 2)
    if draw.chance(0.2):
        attributes["softcap"] = draw.number(1, 5)
    outputs = 3 if past else draw.one_of((1, 3))
    return NodeCase(inputs, attributes, outputs, rtol=1e-5)


@deviates(
    "Attention",
    reason="onnxruntime lets the last query see the last key, where a causal attention with a "
    "past has other numbers of queries and new keys; the definition counts from the past: "
    "j <= i + past_sequence_length",
)
def uneven_queries(case: NodeCase) -> bool:
    """A past, causal, and as many queries as new keys do not come in."""
    past = len(case.inputs) > 4 and case.inputs[4] is not None
    if case.domain or not past or not case.attributes.get("is_causal"):
        return False
    q, k = (np.asarray(x) for x in case.inputs[:2])
    axis = 1 if q.ndim == 3 else 2
    return bool(q.shape[axis] != k.shape[axis])
