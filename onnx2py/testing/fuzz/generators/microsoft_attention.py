"""onnxruntime's own kinds of attention."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import NodeCase
from ..deviations import deviates
from ..draw import Draw
from ..registry import Target, generates
from .microsoft_quantized import OWN

FLOAT = 1  # of TensorProto


def _mask(draw: Draw, batch: int, steps: int, keys: int) -> Any:
    """Return a mask of any kind that all operators know, or None."""
    kind = draw.one_of(("none", "none", "keys", "keys", "pairs", "lengths", "several"))
    if kind == "none":
        return None
    if kind in ("lengths", "several"):
        lengths = draw.array("int32", (batch,), 0 if draw.chance(0.2) else 1, keys + 1)
        if kind == "lengths":
            return lengths
        # What follows are sums that only other devices need.
        return np.concatenate((lengths, draw.array("int32", (2 * batch + 2,), 0, 9)))
    shape = (batch, keys) if kind == "keys" else (batch, steps, keys)
    mask = draw.array("int32", shape, 0, draw.one_of((1, 1, 1, 2)))
    if draw.chance(0.3):
        mask = np.sort(mask)
    if draw.chance(0.1):
        mask[mask == 0] = -1
    return mask


def _scores(draw: Draw) -> dict[str, Any]:
    """Return attributes that all of them have."""
    attributes: dict[str, Any] = {}
    if draw.chance(0.3):
        attributes["scale"] = draw.one_of((0.0, draw.number(0.1, 2)))
    if draw.chance(0.4):
        attributes["mask_filter_value"] = draw.one_of((-1e9, -3.0, 0.0, -3.4028235e38))
    return attributes


def bias_of_scores(draw: Draw, batch: int, heads: int, steps: int, keys: int) -> Any:
    """Return the bias of the scores; a batch or a head may share it."""
    shape = (draw.one_of((1, batch)), draw.one_of((1, heads)), steps, keys)
    return draw.array("float32", shape)


NEAR_FILTER = 3e-3
"""Where all keys that a query may see are masked, scores are near -10000, where float32
has steps of 0.001: so much can rounding change them."""


def _tolerance(attributes: dict[str, Any], mask: Any, batch: int) -> dict[str, Any]:
    """Return the usual tolerance unless some query sees nothing but masked keys."""
    if mask is None or attributes.get("mask_filter_value", -10000.0) != -10000:
        return {}
    if mask.ndim == 1:
        starts = mask[batch:] if len(mask) == 2 * batch else 0
        empty = (mask[:batch] <= starts) | (np.asarray(starts) > 0)
    else:
        first = mask[..., :1] <= 0
        causal = bool(attributes.get("unidirectional"))
        empty = first if causal else (mask <= 0).all(-1)
    return {"rtol": NEAR_FILTER} if empty.any() else {}


@generates("Attention", domain=OWN)
def self_attention(draw: Draw, target: Target) -> NodeCase:
    """Every mask; a past; a bias; values of another size."""
    batch, steps, heads = draw.length(3), draw.length(5), draw.integer(1, 3)
    size, width = draw.integer(1, 5), draw.integer(1, 6)
    attributes: dict[str, Any] = {"num_heads": heads, **_scores(draw)}
    past = more = None
    sizes, outputs, length = [heads * size] * 3, draw.integer(1, 2), 0
    if draw.chance(0.3):
        outputs, length = 2, draw.length(4)
        past = draw.array("float32", (2, batch, heads, length, size))
    elif draw.chance(0.3):
        sizes[2], outputs = heads * draw.integer(1, 5), 1
    if sizes[2] != sizes[0] or draw.chance(0.3):
        attributes["qkv_hidden_sizes"] = sizes
    if draw.chance():
        attributes["unidirectional"] = draw.integer(0, 1)
    keys = length + steps
    if past is None and draw.chance(0.3):
        more = bias_of_scores(draw, batch, heads, steps, keys)
    mask = _mask(draw, batch, steps, keys)
    if draw.chance(0.2):
        starts = draw.array("int32", (2, batch), 0, keys + 1)
        mask = np.sort(starts, axis=0)[::-1].reshape(-1).copy()
    elif draw.chance(0.1):
        shape = (draw.one_of((1, batch)), 1)
        mask = np.zeros(shape, np.int32)
    x = draw.array("float32", (batch, steps, width))
    bias = draw.array("float32", (sum(sizes),)) if draw.chance(0.9) else None
    inputs = [x, draw.array("float32", (width, sum(sizes))), bias, mask, past, more]
    return NodeCase(inputs, attributes, outputs, **_tolerance(attributes, mask, batch))


@generates("MultiHeadAttention", domain=OWN)
def multi_head_attention(draw: Draw, target: Target) -> NodeCase:
    """Self and cross attention, keys by head, a past, or a cache that is written to."""
    batch, heads = draw.length(3), draw.integer(1, 3)
    steps, new = draw.length(5), draw.length(5)
    size, width = draw.integer(1, 5), draw.integer(1, 5)
    attributes: dict[str, Any] = {"num_heads": heads, **_scores(draw)}
    if draw.chance():
        attributes["unidirectional"] = draw.integer(0, 1)
        new = steps if draw.chance(0.7) else new
    kind = draw.one_of(("plain", "plain", "cross", "past", "past", "cache"))
    if kind != "plain":
        width = size
    outputs = [True, *[kind in ("past", "cache") or draw.chance(0.3)] * 2, False]
    outputs[3] = outputs[1] and draw.chance(0.3)
    past: list[Any] = [None, None]
    bias, length, place = None, 0, None
    key = draw.array("float32", (batch, new, heads * size))
    value = draw.array("float32", (batch, new, heads * width))
    if kind == "cross":
        shape = (batch, heads, new, size)
        key, value = (draw.array("float32", shape) for _ in range(2))
    elif draw.chance():
        bias = draw.array("float32", (heads * (2 * size + width),))
    if kind in ("past", "cache"):
        length = draw.length(4)
        room = length + (new + draw.integer(0, 3) if kind == "cache" else 0)
        past = [draw.array("float32", (batch, heads, room, size)) for _ in range(2)]
        place = np.array([length], np.int32) if kind == "cache" else None
    keys = length + new
    more = bias_of_scores(draw, batch, heads, steps, keys) if draw.chance(0.3) else None
    mask = _mask(draw, batch, steps, keys)
    query = draw.array("float32", (batch, steps, heads * size))
    inputs = [query, key, value, bias, mask, more, *past, place]
    case = NodeCase(inputs, attributes, outputs, **_tolerance(attributes, mask, batch))
    case.output_types = (FLOAT,) * 4
    return case


@generates("DecoderMaskedMultiHeadAttention", domain=OWN)
def decoder_attention(draw: Draw, target: Target) -> NodeCase:
    """One step of self attention in a cache, or of cross attention; several searches."""
    width = draw.one_of((1, 1, 2, 3))
    batch, heads, size = width * draw.integer(1, 2), draw.integer(1, 3), 4
    shape = (batch, 1, heads * size)
    attributes: dict[str, Any] = {"num_heads": heads, **_scores(draw)}
    query = draw.array("float32", shape)
    bias = draw.array("float32", (3 * heads * size,)) if draw.chance(0.4) else None
    room = draw.integer(1, 6)
    caches = [draw.array("float32", (batch, heads, room, size)) for _ in range(2)]
    if draw.chance(0.3):
        mask = draw.array("int32", (batch, room), 0, 1) if draw.chance() else None
        inputs = [query, *caches, mask, *(None,) * 6, bias]
        return NodeCase(inputs, attributes, **_tolerance(attributes, mask, batch))
    place = draw.integer(0, room - 1)
    indirection = beams = mask = more = None
    if width > 1 or draw.chance(0.2):
        beams = np.array([width], np.int32)
        shape = (batch // width, width, room)
        indirection = draw.array("int32", shape, 0, width - 1)
    if draw.chance():
        mask = draw.array("int32", (batch, place + 1), 0, 1)
    if draw.chance(0.3):
        more = bias_of_scores(draw, batch, heads, 1, place + 1)
    attributes["past_present_share_buffer"] = 1
    outputs = 3
    if draw.chance(0.3):
        attributes["output_qk"], outputs = 1, 4
    new = [draw.array("float32", query.shape) for _ in range(2)]
    inputs = [query, *new, mask, more, *caches, np.array([place], np.int32)]
    inputs += [beams, indirection, bias]
    case = NodeCase(inputs, attributes, outputs, **_tolerance(attributes, mask, batch))
    case.output_types = (FLOAT,) * outputs
    return case


@deviates(
    "DecoderMaskedMultiHeadAttention",
    reason="with several searches onnxruntime adds to all of them the bias of a single "
    "row of the batch, number b // width; the definition has one for each b",
)
def _bias_of_another(case: NodeCase) -> bool:
    bias, beams = case.inputs[4], case.inputs[8]
    several = beams is not None and int(np.asarray(beams).reshape(-1)[0]) > 1
    return several and bias is not None and len(bias) > 1
