"""What needs computing only once: in ``__init__``, not in every call.

S1  A call that reads weights alone -> the setup. Constant folding left it, because the package
    would have grown too much (weights of 8 bits made floats, say), or for want of a file format.

Random operators are left where they are: each call draws again.
"""

from __future__ import annotations

from dataclasses import replace

from ..ir.program import Call, Program, Statement, references
from ..traits.kernels import kernel_traits


def move_to_setup(program: Program) -> Program:
    """Move what depends on weights alone from the calls to the setup (rule S1)."""
    fixed = set(program.weights)
    setup: list[Statement] = []
    kept: list[Statement] = []
    for statement in program.statements:
        operation = statement.operation
        is_fixed = isinstance(operation, Call) and not (
            kernel_traits(operation.function).random
        )
        if is_fixed and all(name in fixed for name in references(operation)):
            setup.append(statement)
            fixed.update(name for name in statement.outputs if name)
        else:
            kept.append(statement)
    return replace(program, statements=tuple(kept), setup=tuple(setup))
