"""Numbers that are rounded as if they were stored in 8 bits.

Q2  ``dequantize_linear`` of ``quantize_linear`` of float32, with the same scale and zero point,
    read by nobody else -> ``quantized_and_back``.
Q5  ``quantized_and_back`` of what only picks or moves numbers that were already rounded so
    -> nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..ir.program import Body, Call, Program, Ref, Statement
from ..ir.types import TensorType, ValueType
from ..kernels.max_pooling import max_pool
from ..kernels.quantization import (
    dequantize_linear,
    quantize_linear,
    quantized_and_back,
)
from ..kernels.shape import flatten, reshape
from .traverse import count_reads, with_bodies

MOVING: frozenset[Callable[..., Any]] = frozenset(
    (np.reshape, np.transpose, np.squeeze, np.expand_dims, reshape, flatten)
)
"""What keeps all elements of the first argument."""


def round_in_place_of_storing(program: Program) -> Program:
    """Apply rules Q2 and Q5, in bodies too."""
    statements = _rounded(program.statements, program.outputs, program.types)
    return replace(program, statements=statements)


def _rounded(
    statements: tuple[Statement, ...],
    outputs: tuple[str, ...],
    types: Mapping[str, ValueType],
) -> tuple[Statement, ...]:
    uses = count_reads(statements, outputs)
    makers = {s.outputs[0]: s for s in statements if len(s.outputs) == 1}
    gone: set[str] = set()
    found = []
    for statement in statements:
        first = _first_half(statement, makers, uses, types)
        if first is not None:
            gone.add(first.outputs[0])
            statement = _joined(first, statement)
        found.append(_inside(statement, types))
    return _rounded_once([s for s in found if s.outputs[0] not in gone], uses)


def _rounded_once(
    statements: list[Statement], uses: Counter[str]
) -> tuple[Statement, ...]:
    """Leave out what rounds again to the same numbers (rule Q5)."""
    found: list[Statement] = []
    grids: dict[str, tuple[int, object]] = {}
    """Of values that are rounded: who makes each, and to what it is rounded."""
    for statement in statements:
        call = statement.operation
        value = call.args[0] if isinstance(call, Call) and call.args else None
        before = grids.get(value.name) if isinstance(value, Ref) else None
        if isinstance(call, Call) and call.function is quantized_and_back:
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
        if before and isinstance(call, Call) and _only_moves(call):
            grids[statement.outputs[0]] = len(found), before[1]
        found.append(statement)
    return tuple(found)


def _only_moves(call: Call) -> bool:
    """Whether each element of the result is one of the first argument's."""
    if call.function is not max_pool:
        return call.function in MOVING
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


def _inside(statement: Statement, types: Mapping[str, ValueType]) -> Statement:
    def changed(body: Body) -> Body:
        return replace(body, statements=_rounded(body.statements, body.outputs, types))

    return replace(statement, operation=with_bodies(statement.operation, changed))


def _first_half(
    statement: Statement,
    makers: Mapping[str, Statement],
    uses: Counter[str],
    types: Mapping[str, ValueType],
) -> Statement | None:
    """Return what quantizes the numbers that a statement makes floats again."""
    call = statement.operation
    if not isinstance(call, Call) or call.function is not dequantize_linear:
        return None
    value, *parameters = call.args
    if not isinstance(value, Ref) or uses[value.name] != 1 or call.kwargs:
        return None
    first = makers.get(value.name)
    made = first.operation if first else None
    if not isinstance(made, Call) or made.function is not quantize_linear:
        return None
    alike = _padded(made.args[1:]) == _padded(tuple(parameters))
    if not alike or set(made.kwargs) - {"dtype"}:
        return None
    x = types.get(made.args[0].name) if isinstance(made.args[0], Ref) else None
    fits = isinstance(x, TensorType) and x.dtype == "float32" and x.rank
    return first if fits else None


def _padded(parameters: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return scale and zero point, which is 0 where it is left out."""
    return parameters if len(parameters) > 1 else (*parameters, 0)


def _joined(first: Statement, second: Statement) -> Statement:
    assert isinstance(first.operation, Call)
    return replace(
        second,
        operation=replace(first.operation, function=quantized_and_back),
        nodes=(*first.nodes, *second.nodes),
        literals=(*first.literals, *second.literals),
    )
