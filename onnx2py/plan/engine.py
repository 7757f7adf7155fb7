"""Calls of NumPy that an engine could take.

X1  ``np.matmul`` of float32 -> ``multiply``: NumPy's own functions are not replaced, kernels are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..ir.program import Call, Program, Ref, Statement
from ..kernels.matmul import multiply
from .traverse import with_blocks


def give_products_to_the_engine(program: Program) -> Program:
    """Let a kernel compute what ``np.matmul`` does (rule X1), in bodies too."""

    def changed(statements: tuple[Statement, ...], _: object) -> Iterator[Statement]:
        for statement in statements:
            call = statement.operation
            if isinstance(call, Call) and _is_product(call, program):
                call = replace(call, function=multiply)
            yield replace(statement, operation=call)

    return with_blocks(program, changed)


def _is_product(call: Call, program: Program) -> bool:
    """Whether a call multiplies two arrays of float32."""
    if call.function is not np.matmul or call.kwargs:
        return False
    kinds = (program.types.get(a.name) for a in call.args if isinstance(a, Ref))
    return [getattr(kind, "dtype", "") for kind in kinds] == ["float32"] * 2
