"""Quotients that are rounded to integers.

Q7  a quotient that is rounded, or becomes an integer -> ``ops.quotient``

XLA multiplies by the reciprocal of a divisor that all elements share, so that 41 / 41 is less than
1. That is an error of rounding, but for what comes next: an integer less.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ...ir.program import Argument, Call, Program, Ref, Statement
from ...ir.types import TensorType
from ...kernels.casting import cast
from ...plan.rewrite import function_of
from ...plan.traverse import with_blocks
from .flow import own_symbol

_ROUNDING: frozenset[Any] = frozenset([np.floor, np.ceil, np.rint, np.trunc])
_FLOATS = frozenset(["float16", "bfloat16", "float32", "float64"])
_QUOTIENT = own_symbol("_exact", "quotient")


def divide_exactly(program: Program) -> Program:
    """Let quotients that are rounded be those of IEEE, in bodies too."""

    def changed(
        statements: Iterable[Statement], _: tuple[str, ...]
    ) -> Iterator[Statement]:
        listed = [*statements]
        rounded = {n for s in listed if _rounds(program, s) for n in _read(s)}
        for statement in listed:
            call = statement.operation
            is_quotient = function_of(statement) is np.divide
            if (
                is_quotient
                and isinstance(call, Call)
                and statement.outputs[0] in rounded
            ):
                statement = replace(
                    statement, operation=replace(call, function=_QUOTIENT)
                )
            yield statement

    return with_blocks(program, changed)


def _rounds(program: Program, statement: Statement) -> bool:
    """Whether a call makes integers of floats, or rounds them."""
    function = function_of(statement)
    if function in _ROUNDING:
        return True
    if function not in (cast, ".astype"):
        return False
    kind = program.types.get(statement.outputs[0])
    return isinstance(kind, TensorType) and kind.dtype not in _FLOATS


def _read(statement: Statement) -> Iterator[str]:
    call = statement.operation
    assert isinstance(call, Call)
    first: Argument = call.args[0]
    if isinstance(first, Ref):
        yield first.name
