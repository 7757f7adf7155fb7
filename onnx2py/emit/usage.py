"""Which statements read which values, and as what."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..ir.program import Call, Program, Statement, bodies_of, references
from .uses import Uses


def used_weights(
    program: Program, statements: Iterable[Statement], passed: Iterable[str] = ()
) -> dict[str, np.ndarray]:
    """Return the constants that anything reads, and the defaults of inputs, in order of use.

    ``passed`` are names that are read as well.
    """
    available = {**program.weights, **program.defaults}
    used: dict[str, np.ndarray] = {}
    names = [name for s in statements for name in references(s.operation)]
    names += [
        n
        for s in statements
        for b in bodies_of(s.operation)
        for n in (*b.outputs, *b.captures)
    ]
    for name in (*names, *passed, *program.outputs, *program.defaults):
        if name in available:
            used.setdefault(name, available[name])
    return used


def read_as_numbers(statements: Iterable[Statement], uses: Uses) -> set[str]:
    """Return the values that only functions read that take numbers for arrays."""
    shown: set[str] = set()
    others: set[str] = set()
    for statement in statements:
        operation = statement.operation
        plain = isinstance(operation, Call) and uses.dialect.takes_numbers(operation)
        (shown if plain else others).update(references(operation))
        for body in bodies_of(operation):
            others.update((*body.outputs, *body.captures))
    return shown - others
