"""What the parameter that reads a value says of it, and the operator that computes it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..ir.program import Argument, Call, Expression, Ref, Statement
from ..ir.signatures import kernel_signature
from ..ir.symbols import Symbol, kernel_of
from ..traits.nouns import noun_of
from .names import snake_case

_TELLING_WORDS = """
attention_bias attn_mask boxes condition cos_cache gate grid indices initial_c initial_h
input_ids k_scale key key_padding_mask mask past_key past_state past_value position_ids q
query rois scores segment_ids sequence_lens sin_cache slope theta total_sequence_length
v_scale value
"""
TELLING = frozenset(_TELLING_WORDS.split())
"""Parameters after which a value is called, if all its readers agree."""

_ATTENTION = {"k": "k", "v": "v"}
"""Parameters that tell next to ``q``: TopK has a ``k``, too."""

_ROLES = {
    "b": "bias",
    "p": "peephole",
    "r": "recurrent_weight",
    "r_b": "recurrent_bias",
    "w": "weight",
}
"""Roles of weights, where the name of a parameter is short."""

_OPERANDS = {
    "Add": ("bias",),
    "And": ("mask",),
    "Concat": ("part",),
    "Conv": ("image", "weight", "bias"),
    "ConvInteger": ("image", "weight"),
    "ConvTranspose": ("image", "weight", "bias"),
    "Div": ("dividend", "divisor"),
    "Equal": ("match",),
    "Gather": ("weight", "indices"),
    "GatherElements": ("weight", "indices"),
    "GatherND": ("weight", "indices"),
    "Gemm": ("weight", "weight", "bias"),
    "Greater": ("limit",),
    "GreaterOrEqual": ("limit",),
    "Less": ("limit",),
    "LessOrEqual": ("limit",),
    "MatMul": ("weight",),
    "Max": ("minimum",),
    "Min": ("maximum",),
    "Mod": ("dividend", "modulus"),
    "Mul": ("scale",),
    "Or": ("mask",),
    "Pow": ("base", "exponent"),
    "Slice": ("values",),
    "Sub": ("minuend", "offset"),
    "Where": ("condition", "value", "otherwise"),
}
"""Roles of weights by operator and place, where the name of a parameter says nothing."""

_PLAIN = frozenset(["a", "c", "data", "input", "operand", "tensors", "x", "y", "z"])
"""Parameters whose names say nothing."""


def parameters_of(call: Call) -> Iterator[tuple[Argument, str]]:
    """Yield each argument of a call with the name of its parameter, ``operand`` if it has none."""
    names = list(_own_names(call))
    function = kernel_of(call.function)
    if not names and callable(function) and not isinstance(function, np.ufunc):
        try:
            signature = kernel_signature(function)
        except ValueError:
            signature = inspect.Signature()
        names = [
            p.name
            for p in signature.parameters.values()
            if p.kind is p.POSITIONAL_OR_KEYWORD
        ]
    names += ["operand"] * (len(call.args) - len(names))
    yield from zip(call.args, names)
    yield from ((value, name) for name, value in call.kwargs.items() if name != "out")


def _own_names(call: Call) -> tuple[str, ...]:
    """Return the names of the parameters of what is called by others than its kernel."""
    function = call.function
    if not isinstance(function, Symbol):
        return ()
    return function.parameter_names(len(call.args)) or ()


def told_by(call: Call) -> Iterator[tuple[str, str]]:
    """Yield the values that a call reads, each with a name that its parameter tells, or ''."""
    given = list(parameters_of(call))
    attends = any(name == "q" for _, name in given)
    for argument, parameter in given:
        told = parameter if parameter in TELLING else ""
        if attends:
            told = _ATTENTION.get(parameter, told)
        if isinstance(argument, Ref):
            yield argument.name, told
        else:
            yield from ((name, "") for name in _within(argument))


def role_of(parameter: str, operator: str, place: int) -> str:
    """Return the role of a weight for the operator that reads it, as the argument at ``place``."""
    plain = parameter in _PLAIN or (parameter == "b" and operator in _OPERANDS)
    if not plain:
        return _ROLES.get(parameter, parameter)
    roles = _OPERANDS.get(operator, ("constant",))
    return roles[min(place, len(roles) - 1)]


def operator_of(statement: Statement) -> str:
    """Return the operator of the first node of a statement, without its domain."""
    label = statement.nodes[0] if statement.nodes else ""
    return label.rpartition(": ")[2].rpartition(".")[2]


def noun(statement: Statement, index: int) -> str:
    """Return the noun of the operator that computes a result of a statement."""
    operator, operation = operator_of(statement), statement.operation
    function = operation.function if isinstance(operation, Call) else None
    kernel = str(getattr(function, "__name__", ""))
    return noun_of(kernel, operator, index) or snake_case(operator) or "value"


def _within(argument: Any) -> Iterator[str]:
    if isinstance(argument, Ref):
        yield argument.name
    elif isinstance(argument, tuple):
        for item in argument:
            yield from _within(item)
    elif isinstance(argument, Expression):
        yield from _within((argument.left, argument.right))
    elif isinstance(argument, slice):
        yield from _within((argument.start, argument.stop, argument.step))
