"""Attention -> ``F.scaled_dot_product_attention``.

L10  dot_product_attention and ONNX's own of four axes, without a mask or with one that leaves each
     query a key -> one call, that of 1 / sqrt(E) without its scale
L11  ... whose keys were turned for the product -> of the keys as they were

Of a query that no key is left to, ONNX's softmax makes NaN and PyTorch's attention zeros, or NaN
before PyTorch 2.5: what may have such a mask stays. A mask leaves each query a key if nowhere, or
nowhere in its first column, it is minus infinity, as far as :mod:`..network.bounds` can tell.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...ir.graph import onnx_name
from ...ir.patterns import Options, Rest
from ...ir.program import Argument, Call, Program, Ref, Statement
from ...ir.symbols import Symbol
from ...ir.types import Dim
from ...kernels.attention import attention
from ...kernels.attention_dot_product import dot_product_attention
from ...plan.rewrite import Block, Made, Match, Rewrite, in_place, rewritten
from ..network.bounds import Bounds, leaves_keys

_NAME = "scaled_dot_product_attention"
_OPERANDS = ("q", "k", "v", Rest("mask"), Options("how"))


@dataclass(frozen=True)
class Attention(Symbol):
    """PyTorch's attention. Options are its own, and ``groups``: how many heads share keys."""

    is_turned: bool = False
    """Whether the keys are columns."""


_TURNED = Attention("F", _NAME, dot_product_attention, is_turned=True)
_STRAIGHT = Attention("F", _NAME, attention)


def write_attention(program: Program) -> Program:
    """Let PyTorch's function do attention where it means the same, in bodies too."""
    bounds = Bounds(program)

    def of_products(block: Block, match: Match) -> Made:
        options: dict[str, Any] = {**match["how"]}
        options.pop("zero_for_nan", None)
        scale = options.pop("scale", 1.0)
        if not _is_usual(scale, block, match["q"]):
            options["scale"] = scale
        args = (match["q"], match["k"], match["v"], *match["mask"])
        is_suited = _fits(block, *args) and leaves_keys(bounds, match["mask"])
        return Call(_TURNED, args, options) if is_suited else None

    def of_heads(block: Block, match: Match) -> Made:
        options = _options_of_heads(block, match)
        if options is None or not leaves_keys(bounds, match["mask"]):
            return None
        args = (match["q"], match["k"], match["v"], *match["mask"])
        return Call(_STRAIGHT, args, options)

    rules = (
        Rewrite((dot_product_attention, *_OPERANDS), of_products),
        Rewrite((attention, *_OPERANDS), of_heads),
    )
    program = rewritten(program, *rules)
    turn = (np.transpose, "k", "order")
    pattern = (_TURNED, "q", turn, "v", Rest("mask"), Options("how"))
    return rewritten(program, Rewrite(pattern, _straight))


def _is_usual(scale: Any, block: Block, q: Argument) -> bool:
    width = (*block.values.shape(q), None)[-2]
    return isinstance(width, int) and abs(scale * math.sqrt(width) - 1) < 1e-6


def _options_of_heads(block: Block, match: Match) -> dict[str, Any] | None:
    """Return PyTorch's options for those of ONNX's attention, None if it does not the same."""
    options: dict[str, Any] = {**match["how"]}
    q, k, v = (match[name] for name in "qkv")
    mask: tuple[Argument, ...] = match["mask"]
    kinds = [block.values.type(x) for x in (q, k, v)]
    if options.keys() - {"is_causal", "scale"} or any(k is None for k in kinds):
        return None
    if len(mask) > 1:  # keys before these, or how many of them count
        return None
    if any(k.dtype not in ("float32", "float64") or k.rank != 4 for k in kinds if k):
        return None
    (_, heads, *_), (_, shared, keys, _) = (block.values.shape(x) for x in (q, k))
    if heads != shared:
        if not isinstance(heads, int) or not isinstance(shared, int):
            return None
        options["groups"] = heads // shared
    if not mask:
        return options
    kind = block.values.type(mask[0])
    is_whole = kind is not None and kind.shape and kind.shape[-1] in (1, keys)
    if not is_whole or keys is None or not _fits(block, q, k, v, *mask, axis=-2):
        return None
    return None if options.get("is_causal") else options


def _straight(block: Block, match: Match) -> Made:
    """Rule L11: the keys are turned in another way, or not at all."""
    root, turn = match.steps
    turned: Any = match["order"]
    order = (*turned[:-2], *turned[:-3:-1])
    kind = block.values.type(turn.outputs[0])
    before: Mapping[int, Statement] = {}
    keys: Argument = match["k"]
    if order != (*range(len(order)),):
        if kind is None or not kind.shape:
            return None
        kind = replace(kind, shape=(*kind.shape[:-2], *kind.shape[:-3:-1]))
        name = block.values.new(f"{onnx_name(turn.outputs[0])}.straight", kind)
        other = Call(np.transpose, (keys, order))
        before = {id(turn): replace(turn, operation=other, outputs=(name,))}
        match, keys = Match(match.values, (root,)), Ref(name)
    call = Call(_STRAIGHT, (match["q"], keys, match["v"], *match["mask"]), match["how"])
    return {**before, id(root): in_place(call, match)}


def _fits(
    block: Block, q: Argument, k: Argument, v: Argument, *mask: Argument, axis: int = -1
) -> bool:
    """Whether a mask has two axes or more, and makes none of the scores' longer.

    ``axis`` is that of the keys in ``k``.
    """
    if not mask:
        return True
    queries, keys, given = (block.values.shape(x) for x in (q, k, *mask))
    if not 2 <= len(given) <= len(queries) or len(keys) > len(queries):
        return False
    heads = (1,) * (len(queries) - len(keys)) + keys[:-2]
    wide = [*zip(queries[:-2], heads), queries[-2:-1], (keys[axis],)]
    return all(map(_is_as_long, given[::-1], wide[::-1]))


def _is_as_long(have: Dim, wanted: tuple[Dim, ...]) -> bool:
    """Whether an axis need not be repeated for a mask: lengths that are unknown are alike."""
    return have == 1 or have in wanted or set(wanted) != {1}
