"""Numbers that are rounded as if they were stored in 8 bits.

Q2  ``dequantize_linear`` of ``quantize_linear`` of float32, with the same scale and zero point,
    not read elsewhere -> ``fake_quantize``.
Q5  ``fake_quantize`` of what only picks or moves numbers that were already rounded so
    -> nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..ir.patterns import Options, Rest
from ..ir.program import Call, Program, Ref, Statement
from ..kernels.pool_max import max_pool
from ..kernels.quantization import (
    dequantize_linear,
    fake_quantize,
    quantize_linear,
)
from ..traits.kernels import kernel_traits
from .rewrite import Block, Match, Rewrite, function_of, rewritten
from .traverse import count_reads, with_blocks

_STORED = (quantize_linear, "x", Rest("grid"), Options("how"))
_READ = (dequantize_linear, _STORED, Rest("same grid"))


def round_in_place_of_storing(program: Program) -> Program:
    """Apply rules Q2 and Q5, in bodies too."""
    program = rewritten(program, Rewrite(_READ, _rounded))
    return with_blocks(program, _rounded_once)


def _rounded(block: Block, match: Match) -> Call | None:
    x, how = block.values.type(match["x"]), match["how"]
    grid, same = ((*match[name], 0)[:2] for name in ("grid", "same grid"))
    if grid != same or set(how) - {"dtype"} or x is None:
        return None
    if x.dtype != "float32" or not x.rank:
        return None
    return Call(fake_quantize, (match["x"], *match["grid"]), how)


def _rounded_once(
    statements: tuple[Statement, ...], outputs: tuple[str, ...]
) -> list[Statement]:
    """Leave out what rounds again to the same numbers (rule Q5)."""
    if all(function_of(s) is not fake_quantize for s in statements):
        return list(statements)
    uses = count_reads(statements, outputs)
    found: list[Statement] = []
    grids: dict[str, tuple[int, object]] = {}
    """Of values that are rounded: who makes each, and to what it is rounded."""
    for statement in statements:
        call = statement.operation
        value = call.args[0] if isinstance(call, Call) and call.args else None
        before = grids.get(value.name) if isinstance(value, Ref) else None
        if isinstance(call, Call) and call.function is fake_quantize:
            grid = call.args[1:], tuple(call.kwargs.items())
            alone = isinstance(value, Ref) and uses[value.name] == 1
            if before and before[1] == grid and alone:
                place = before[0]
                found[place] = _with_nodes_of(found[place], statement)
            else:
                place = len(found)
                found.append(statement)
            grids[statement.outputs[0]] = place, grid
            continue
        if before and isinstance(call, Call) and only_moves(call):
            grids[statement.outputs[0]] = len(found), before[1]
        found.append(statement)
    return found


def only_moves(call: Call) -> bool:
    """Whether each element of the result is one of the first argument's."""
    if call.function is not max_pool:
        return kernel_traits(call.function).view
    pads: Any = call.kwargs.get("pads") or ()
    kernel: Any = call.kwargs["kernel_shape"]
    inside = isinstance(pads, tuple) and all(
        pad < length for pad, length in zip(pads, (*kernel, *kernel))
    )  # a window of nothing but padding has no largest element
    return inside and not {"ceil_mode", "dilations"}.intersection(call.kwargs)


def _with_nodes_of(statement: Statement, other: Statement) -> Statement:
    """Return a statement that makes what ``other``, which is left out, made of it."""
    return replace(
        statement,
        outputs=other.outputs,
        nodes=(*statement.nodes, *other.nodes),
        literals=(*statement.literals, *other.literals),
    )
