"""Which statements read which values, and as what."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

import numpy as np

from ..ir.program import Call, Program, Ref, Statement, bodies_of, references
from ..ir.signatures import kernel_signature
from .text import comment


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


def readers_of(statements: Iterable[Statement]) -> dict[str, str]:
    """Describe the first reader of each value: ``input weight of conv1``."""
    readers: dict[str, str] = {}
    for statement in statements:
        if not statement.nodes:  # it reads lengths
            continue
        label = comment(statement.nodes[0].rpartition(": ")[0])
        operation = statement.operation
        if not isinstance(operation, Call):
            for name in references(operation):
                readers.setdefault(name, f"read by {label}")
            continue
        roles = _parameters(operation)
        for argument, role in zip((*operation.args, *operation.kwargs.values()), roles):
            if isinstance(argument, Ref):
                readers.setdefault(argument.name, f"{role} of {label}")
        for name in references(operation):
            readers.setdefault(name, f"read by {label}")
    return readers


def read_by_numpy_alone(statements: Iterable[Statement]) -> set[str]:
    """Return the values that only NumPy's functions read: these take scalars, kernels arrays."""
    shown: set[str] = set()
    others: set[str] = set()
    for statement in statements:
        operation = statement.operation
        plain = isinstance(operation, Call) and isinstance(operation.function, np.ufunc)
        (shown if plain else others).update(references(operation))
        for body in bodies_of(operation):
            others.update((*body.outputs, *body.captures))
    return shown - others


def _parameters(call: Call) -> list[str]:
    """Return the role of each argument of a call: ``input weight``, ``operand``."""
    count, names = len(call.args), []
    if callable(call.function) and not isinstance(call.function, np.ufunc):
        try:
            signature = kernel_signature(call.function)
        except ValueError:
            signature = inspect.Signature()
        names = [
            f"input {p.name}"
            for p in signature.parameters.values()
            if p.kind is p.POSITIONAL_OR_KEYWORD
        ]
    names = [*names[:count], *["operand"] * (count - len(names))]
    return [*names, *(f"input {name}" for name in call.kwargs)]
