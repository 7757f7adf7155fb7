"""onnxruntime's own attention of decoders: groups of heads, and a cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..case import NodeCase
from ..draw import Draw
from ..registry import Target, generates
from .microsoft_attention import bias_of_scores
from .microsoft_quantized import OWN

TYPES = {"float32": 1, "float16": 10}  # of TensorProto
KINDS = ("prompt", "step", "step", "chunk", "padded")
Array = np.ndarray[Any, Any]


@dataclass
class Lengths:
    """What there is of each sequence."""

    batch: int
    steps: int
    """How many queries."""
    total: int
    lengths: Array
    """How many keys count, for each sequence."""
    counts: Array | None
    """How many queries count, for each sequence; None for all."""
    room: int
    """The length of the cache of before."""
    window: int
    """How far queries see, or -1."""
    sliding: bool
    """Whether the cache has but the last keys."""

    @classmethod
    def drawn(cls, draw: Draw, kind: str) -> Lengths:
        """Return those of a prompt, a step, a chunk (of one sequence), padded chunks."""
        batch = 1 if kind == "chunk" else draw.integer(1, 3)
        steps = 1 if kind == "step" else draw.integer(2, 5)
        before = 0 if kind == "prompt" else draw.integer(1, 5)
        total, counts, lengths = before + steps, None, np.full(batch, before + steps)
        if kind in ("prompt", "step") and draw.chance():
            lengths = draw.array("int64", (batch,), 1, total)
            lengths[0] = total
        if kind == "padded":
            counts = draw.array("int32", (batch,), 0, steps)
            lengths = before + counts
            total += draw.integer(0, 2)
        room = draw.one_of((before, before, total + draw.integer(0, 3)))
        if kind == "padded":
            room = total + draw.integer(0, 2)
        window = draw.integer(1, 5) if draw.chance(0.3) else -1
        sliding = window > 0 and before > 0 and draw.chance()
        if sliding:
            room = window + draw.integer(0, 3)
        return cls(batch, steps, total, lengths, counts, room, window, sliding)

    def undefined(self, heads: int, size: int, width: int) -> dict[int, Any]:
        """Return which elements of the outputs are left open: what is said of padding.

        ``width`` is the length of the last axis of the cache.
        """
        known = np.minimum(self.steps, self.lengths)
        known = known if self.counts is None else self.counts
        padded = np.arange(self.steps) >= known[:, None]
        found = {0: padded[:, :, None].repeat(size, 2)}
        if self.counts is None and not self.sliding:
            return found
        left = self.lengths
        if self.sliding:
            each = self.room - self.window + 1
            left = left - each * np.maximum(np.ceil((left - self.room) / each), 0)
        length = self.room if self.sliding else max(self.room, self.total)
        beyond = np.arange(length)[:, None] >= left[:, None, None, None]
        shape = (self.batch, heads, length, width)
        return {**found, **dict.fromkeys((1, 2), np.broadcast_to(beyond, shape))}


@generates("GroupQueryAttention", domain=OWN)
def group_query_attention(draw: Draw, target: Target) -> NodeCase:
    """Prompts, single steps and chunks; caches of every kind; every way to score."""
    dtype = draw.one_of(("float32", "float32", "float32", "float16"))
    kind = draw.one_of(KINDS)
    it = Lengths.drawn(draw, kind)
    groups, size = draw.integer(1, 2), draw.one_of((8, 16, 32))
    heads = groups * draw.integer(1, 3)
    attributes: dict[str, Any] = {"num_heads": heads, "kv_num_heads": groups}
    if it.window > 0 or draw.chance(0.2):
        attributes["local_window_size"] = it.window
    if it.sliding:
        attributes["sliding_window_cache"] = 1
    if it.window < 0 and kind != "padded" and draw.chance(0.2):
        attributes["causal"] = draw.integer(0, 1)
    past, scales = _cache(draw, it, (groups, size), dtype, attributes)
    width = size if past[0] is None else past[0].shape[3]
    undefined = it.undefined(groups, heads * size, width)
    start = (it.batch, it.steps)
    qkv: list[Any]
    qkv = [draw.array(dtype, (*start, n * size)) for n in (heads, groups, groups)]
    if draw.chance(0.4):
        qkv = [np.concatenate(qkv, axis=2), None, None]
    ends = [(it.lengths - 1).astype(np.int32), np.array(it.total, np.int32)]
    rotary = _rotary(draw, it, size, dtype, attributes)
    scores = _scores(draw, it, heads, dtype, attributes)
    outputs = 3
    if draw.chance(0.2) and not it.sliding:
        attributes["qk_output"], outputs = draw.one_of((1, 2)), 4
    inputs = [*qkv, *past, *ends, *rotary, *scores, *scales, None, None, it.counts]
    case = NodeCase(inputs, attributes, outputs, undefined=undefined)
    if outputs == 4:
        case.output_types = (0, 0, 0, TYPES[dtype])
    return case


def _cache(
    draw: Draw,
    it: Lengths,
    shape: tuple[int, int],
    dtype: str,
    attributes: dict[str, Any],
) -> tuple[list[Any], list[Any]]:
    """Return keys and values of before, and the scales of integers."""
    groups, size = shape
    whole = (it.batch, groups, it.room, size)
    if it.sliding or draw.chance(0.7):
        if it.room == 0 and draw.chance():
            return [None, None], [None, None]
        return [draw.array(dtype, whole) for _ in range(2)], [None, None]
    kind, bits = draw.one_of(("PER_TENSOR", "PER_CHANNEL")), draw.one_of((8, 4))
    attributes.update(k_quant_type=kind, v_quant_type=kind, kv_cache_bit_width=bits)
    each = (1,) if kind == "PER_TENSOR" else (1, groups, 1, size)
    scales = [draw.array("float32", each, 0.01, 0.3) for _ in range(2)]
    if bits == 8:
        return [draw.array("int8", whole, -128, 127) for _ in range(2)], scales
    halves = (*whole[:3], size // 2)
    return [draw.array("uint8", halves, 0, 255) for _ in range(2)], scales


def _rotary(
    draw: Draw, it: Lengths, size: int, dtype: str, attributes: dict[str, Any]
) -> list[Any]:
    """Return tables of cosines and sines and, at times, positions."""
    if size % 16 or draw.chance(0.5):
        return [None] * 3
    shape = (it.total + draw.integer(0, 4), draw.one_of((size // 2, 8)))
    tables = [draw.array(dtype, shape, -1, 1) for _ in range(2)]
    attributes["do_rotary"] = 1
    if draw.chance():
        attributes["rotary_interleaved"] = draw.integer(0, 1)
    if draw.chance(0.7):
        return [*tables, None]
    last = shape[0] - (it.steps if it.steps == it.total else 1)
    return [*tables, draw.array("int64", (it.batch, it.steps), 0, last)]


def _scores(
    draw: Draw, it: Lengths, heads: int, dtype: str, attributes: dict[str, Any]
) -> list[Any]:
    """Return a bias and sinks, or None, and draw what else changes scores."""
    bias = sink = None
    if draw.chance(0.3):
        bias = bias_of_scores(draw, it.batch, heads, it.steps, it.total).astype(dtype)
    if draw.chance(0.2):
        sink = draw.array(dtype, (heads,))
    if draw.chance(0.2):
        attributes["smooth_softmax"] = draw.one_of((0, 1, 1))
    if draw.chance(0.2):
        attributes["softcap"] = draw.number(0.5, 4)
    if draw.chance(0.2):
        attributes["scale"] = draw.one_of((0.0, draw.number(0.1, 2)))
    return [bias, sink]
