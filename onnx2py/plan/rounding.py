"""Numbers that are rounded as if they were stored in 8 bits.

Q2  ``dequantize_linear`` of ``quantize_linear`` of float32, with the same scale and zero point,
    read by nobody else -> ``quantized_and_back``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..ir.program import Body, Call, Program, Ref, Statement
from ..ir.types import TensorType, ValueType
from ..kernels.quantization import (
    dequantize_linear,
    quantize_linear,
    quantized_and_back,
)
from .bodies import count_reads, with_bodies


def round_in_place_of_storing(program: Program) -> Program:
    """Apply rule Q2, in bodies too."""
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
    return tuple(s for s in found if s.outputs[0] not in gone)


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
