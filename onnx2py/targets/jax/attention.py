"""Attention -> ``jax.nn.dot_product_attention``, of axes as projections leave them.

L12  dot_product_attention of four axes whose heads were brought to the front, and whose result is
     turned back -> one call of queries, keys and values ``[B, T, N, H]``

A mask is what is added to the scores. Rows of zeros in place of NaN stay as they are, unless each
query has a key, as far as bounds of the mask can tell.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...emit.calls import CallWriter
from ...ir.patterns import Options, Rest
from ...ir.program import Argument, Call, Program, Ref
from ...ir.symbols import Symbol
from ...kernels.attention_dot_product import dot_product_attention
from ...plan.rewrite import Block, Made, Match, Rewrite, rewritten
from ..network.bounds import Bounds, leaves_keys

HEADS_FIRST, COLUMNS = (0, 2, 1, 3), (0, 2, 3, 1)
"""How queries and values are turned, and keys."""
ATTENTION = Symbol("jax.nn", "dot_product_attention", dot_product_attention)


def write_attention(program: Program) -> Program:
    """Let JAX's function do attention where it means the same, in bodies too."""
    bounds = Bounds(program)

    def made(block: Block, match: Match) -> Made:
        orders = [match[name] for name in ("turn_q", "turn_k", "turn_v", "turn")]
        if "again" in match.values:
            orders[1] = tuple(orders[1][axis] for axis in match["again"])
        if orders != [HEADS_FIRST, COLUMNS, HEADS_FIRST, HEADS_FIRST]:
            return None
        options: dict[str, Any] = {**match["how"]}
        mask: tuple[Argument, ...] = match["mask"]
        if options.pop("zero_for_nan", False) and not leaves_keys(bounds, mask):
            return None
        q, k, v = (match[name] for name in "qkv")
        if not _fits(block, q, k, v, *mask) or options.keys() - {"scale", "groups"}:
            return None
        options.pop("groups", None)  # the numbers of heads say it
        width, scale = block.values.shape(q)[-1], options.get("scale", 1.0)
        if isinstance(width, int) and abs(scale * math.sqrt(width) - 1) < 1e-6:
            options.pop("scale", None)
        else:
            options["scale"] = scale
        return Call(ATTENTION, (q, k, v, *mask), options)

    def turned(operand: str) -> tuple[Any, ...]:
        return (np.transpose, operand, f"turn_{operand}")

    def attention(keys: tuple[Any, ...]) -> Rewrite:
        inner = (
            dot_product_attention, turned("q"), keys, turned("v"), Rest("mask"), Options("how")
        )  # fmt: skip
        return Rewrite((np.transpose, inner, "turn"), made)

    once, twice = turned("k"), (np.transpose, turned("k"), "again")
    return rewritten(program, attention(once), attention(twice))


def _fits(block: Block, q: Argument, k: Argument, v: Argument, *mask: Argument) -> bool:
    """Whether all are float32, of shapes that JAX takes, and a mask has at most four axes.

    None of these is longer than the scores'.
    """
    kinds = [block.values.type(x) for x in (q, k, v, *mask)]
    if any(kind is None or kind.dtype != "float32" for kind in kinds):
        return False
    shapes = [block.values.shape(x) for x in (q, k, v)]
    if any(len(shape) != 4 for shape in shapes):
        return False
    (batch, queries, heads, width), (_, keys, shared, _), _ = shapes
    if shapes[1] != shapes[2] or shapes[1][::3] != (batch, width):
        return False  # JAX repeats none of them
    if None in (batch, keys, shared, width):
        return False
    if heads != shared and not _divides(shared, heads):
        return False
    for each in mask:
        shape = block.values.shape(each)
        wide = (batch, heads, queries, keys)
        if not 1 <= len(shape) <= 4:
            return False
        pairs = zip(shape[::-1], wide[::-1])
        if any(have not in (1, wanted) and wanted == 1 for have, wanted in pairs):
            return False
    return True


def _divides(shared: object, heads: object) -> bool:
    """Whether some heads of queries share one of keys and values."""
    return (
        isinstance(shared, int)
        and isinstance(heads, int)
        and heads % max(shared, 1) == 0
    )


def attention_call(writer: CallWriter) -> str:
    """Return the source: ``jax.nn.dot_product_attention(q, k, v, mask)``."""
    q, k, v, *mask = writer.call.args
    given = [*map(writer.argument, (q, k, v))]
    for each in mask:
        kind = writer.kind(each)
        missing = 4 - (kind.rank or 4) if kind and isinstance(each, Ref) else 0
        more = f"[{', '.join(['None'] * missing)}]" if missing else ""
        given.append(f"{writer.argument(each)}{more}")
    given += [f"{k}={writer.argument(v)}" for k, v in writer.call.kwargs.items()]
    return f"{writer.uses.name('jax', 'jax')}.nn.{ATTENTION.name}({', '.join(given)})"
