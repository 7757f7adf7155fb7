"""Attention that exporters wrote out, whose scores are not read elsewhere.

A1  matmul(softmax(matmul(q, k)), v) -> ``dot_product_attention``.
A2  ... the scores are multiplied or divided by a constant, and so may q and k be -> its ``scale``.
A3  ... then a mask is added -> its ``mask``.
A4  ... where(isnan(softmax), 0, softmax) -> its ``zero_for_nan``.
A5  ... each head of k and v is repeated the same number of times -> its ``groups``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..ir.graph import onnx_name
from ..ir.patterns import Number, Options, Pattern, Rest
from ..ir.program import Call, Program, Ref, Statement
from ..ir.types import Dim, TensorType
from ..kernels.attention_dot_product import dot_product_attention
from ..kernels.shape import expand, reshape
from ..kernels.softmax import softmax
from .rewrite import Block, Match, Rewrite, function_of, in_place, rewritten

Shape = tuple[Dim, ...]


def fuse_attention(program: Program) -> Program:
    """Let one call do attention (rules A1 to A5), in bodies too."""
    return rewritten(rewritten(program, *ATTENTION), GROUPS)


def _scaled(x: Pattern, name: str) -> list[Pattern]:
    """Return patterns of a value, multiplied or divided by a constant or not (rule A2)."""
    return [(np.multiply, x, Number(name)), (np.divide, x, Number(f"1/{name}")), x]


_SCORES = _scaled((np.matmul, _scaled("q", "of q"), _scaled("k", "of k")), "of scores")
_MASKED = [(np.add, _SCORES, "mask"), _SCORES]
_WEIGHTS = (softmax, _MASKED, Options("softmax"))
_GUARDED = (np.where, (np.isnan, _WEIGHTS), 0, _WEIGHTS)


def _attention(block: Block, match: Match) -> Call | None:
    """Only of float32 and float64, where the ranks are known."""
    root, *inside = match.steps
    values, result = block.values, block.values.type(root.outputs[0])
    names = [x for x in ("q", "k", "v", "mask") if x in match.values]
    types = [values.type(match[name]) for name in names]
    (step,) = (s for s in inside if function_of(s) is softmax)
    last = (-1, len(values.shape(Ref(step.outputs[0]))) - 1)
    scale = _scale(match)
    if result is None or result.dtype not in ("float32", "float64") or scale is None:
        return None
    if any(x is None or x.dtype != result.dtype for x in types):
        return None
    if any(len(values.shape(match[x])) < 2 for x in "qkv"):
        return None
    if match["softmax"].get("axis", -1) not in last:
        return None
    options: dict[str, Any] = {}
    if scale != 1:
        options["scale"] = float(str(np.dtype(result.dtype).type(scale)))
    if any(function_of(s) is np.isnan for s in inside):
        options["zero_for_nan"] = True
    return Call(dot_product_attention, tuple(match[x] for x in names), options)


def _scale(match: Match) -> float | None:
    """Return the product of all constants, None if one is 0 or no finite number."""
    scale = 1.0
    for name in ("of scores", "of q", "of k"):
        factor, divisor = (
            match.values.get(name, 1.0),
            match.values.get(f"1/{name}", 1.0),
        )
        if not factor or not divisor or not np.isfinite([factor, divisor]).all():
            return None
        scale *= factor if divisor == 1 else 1 / divisor
    return scale


def _repeated(x: str) -> Pattern:
    """[B, H, T, E] -> [B, H, 1, T, E] -> [B, H, G, T, E] -> [B, H * G, T, E]."""
    wide: Pattern = (np.expand_dims, x, Options("added"))
    for functions in ((np.broadcast_to, expand), (np.reshape, reshape)):
        rest = Rest(f"{x}, {functions[1]}"), Options(f"how {x}, {functions[1]}")
        wide = [(function, wide, *rest) for function in functions]
    return wide


_TURN = (0, 1, 3, 2)
_GROUPED = (
    dot_product_attention,
    "q",
    (np.transpose, _repeated("k"), _TURN),
    _repeated("v"),
    Rest("mask"),
    Options("how"),
)


def _grouped(block: Block, match: Match) -> Mapping[int, Statement] | None:
    """Rule A5: the keys are turned before they are repeated, which the kernel does."""
    root, turn, *steps = match.steps
    made = [block.values.shape(Ref(step.outputs[0])) for step in steps]
    queries, before = block.values.type(match["q"]), block.values.shape(match["k"])
    if len(made) != 6 or match["added"] != {"axis": 2} or queries is None:
        return None
    (groups, wanted), values = (
        _groups(block.values.shape(match[x]), made[i + 1], made[i])
        for x, i in (("k", 0), ("v", 3))
    )
    if groups < 2 or values[0] != groups or (queries.shape or ())[1:2] != (wanted,):
        return None
    batch, heads, length, size = before
    kind = TensorType(queries.dtype, (batch, heads, size, length))
    keys = Ref(block.values.new(f"{onnx_name(turn.outputs[0])}.once", kind))
    once = replace(
        turn, operation=Call(np.transpose, (match["k"], _TURN)), outputs=(keys.name,)
    )
    args = (match["q"], keys, match["v"], *match["mask"])
    call = Call(dot_product_attention, args, {**match["how"], "groups": groups})
    others = Match(match.values, (root, *steps[3:], *steps[:3]))
    return {id(turn): once, id(root): in_place(call, others)}


def _groups(before: Shape, wide: Shape, after: Shape) -> tuple[int, int]:
    """Return how often heads are repeated, and how many there are then; 0 if they are not."""
    if len(before) != 4 or len(wide) != 5 or None in before:
        return 0, 0
    batch, heads, *rest = before
    groups = wide[2]
    if not isinstance(heads, int) or not isinstance(groups, int):
        return 0, 0
    fits = wide == (batch, heads, groups, *rest)
    fits = fits and after == (batch, heads * groups, *rest)
    return (groups, heads * groups) if fits else (0, 0)


ATTENTION = [
    Rewrite((np.matmul, weights, "v"), _attention) for weights in (_GUARDED, _WEIGHTS)
]
GROUPS = Rewrite(_GROUPED, _grouped)
