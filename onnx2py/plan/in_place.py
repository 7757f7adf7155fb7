"""Results that take the place of an operand.

M2  An elementwise call is the last to read a large operand, which a call made afresh and of
    which there can be no view, and which has the result's type -> its ``out`` is the operand.

Which calls make new arrays and which take ``out`` stands in :mod:`..traits.kernels`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..ir.program import Call, Program, Ref, Statement
from ..ir.types import Dim, TensorType, ValueType
from ..traits.kernel import FIRST
from ..traits.kernels import kernel_traits
from .traverse import reads_of


def write_in_place(program: Program) -> Program:
    """Let elementwise calls write over what they free (rule M2)."""
    everything = (*program.setup, *program.statements)
    readers: Counter[str] = Counter()
    for statement in everything:
        if not _makes(statement):  # it may return a view of what it reads
            readers.update(reads_of(statement.operation))
    made = (s.outputs for s in everything if _makes(s))
    fresh = {name for outputs in made for name in outputs} - set(readers)
    return replace(
        program,
        statements=tuple(_placed(s, fresh, program.types) for s in program.statements),
        setup=tuple(_placed(s, fresh, program.types) for s in program.setup),
    )


def _makes(statement: Statement) -> bool:
    call = statement.operation
    return isinstance(call, Call) and kernel_traits(call.function).makes_new(call)


def _placed(
    statement: Statement, fresh: set[str], types: Mapping[str, ValueType]
) -> Statement:
    call = statement.operation
    out = kernel_traits(call.function).out if isinstance(call, Call) else None
    if not isinstance(call, Call) or out is None:
        return statement
    kind = types.get(statement.outputs[0])
    for argument in call.args[: 1 if out == FIRST else None]:
        if (
            isinstance(argument, Ref)
            and argument.name in statement.frees
            and argument.name in fresh
            and types.get(argument.name) == kind
            and _has_shape_of(argument, call, types)
        ):
            return replace(
                statement,
                operation=replace(call, kwargs={**call.kwargs, "out": argument}),
                frees=tuple(n for n in statement.frees if n != argument.name),
            )
    return statement


def _has_shape_of(argument: Ref, call: Call, types: Mapping[str, ValueType]) -> bool:
    """Whether the result of a call has the shape of an argument, which has axes.

    Two values of one type have one shape, unless a length in it is not known: then all else
    must be known to broadcast to it.
    """
    shape = _shape(types.get(argument.name))
    if not shape:  # no axes: NumPy may give a scalar, which nothing can be written to
        return False
    if None not in shape:
        return True
    return all(
        (
            _broadcasts(_shape(types.get(other.name)), shape)
            if isinstance(other, Ref)
            else isinstance(other, (int, float, np.generic))
        )
        for other in call.args
        if not (isinstance(other, Ref) and other.name == argument.name)
    )


def _shape(kind: ValueType | None) -> tuple[Dim, ...] | None:
    return kind.shape if isinstance(kind, TensorType) else None


def _broadcasts(shape: tuple[Dim, ...] | None, to: tuple[Dim, ...]) -> bool:
    if shape is None or len(shape) > len(to):
        return False
    return all(
        a == 1 or (a == b and a is not None) for a, b in zip(shape[::-1], to[::-1])
    )
