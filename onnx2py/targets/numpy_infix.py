"""NumPy's functions that Python has operators for: ``a + b`` is the call ``np.add(a, b)``.

An array hands its operators to the same functions. What is no array does not: a scalar of NumPy
computes by itself, a Python number with Python's rules. So the types of the operands decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..emit.calls import Operands
from ..ir.program import Argument, Call
from ..ir.types import DTYPES, EXTENSION_DTYPES, TensorType

BINARY: Mapping[Any, str] = {
    np.add: "+",
    np.bitwise_and: "&",
    np.bitwise_or: "|",
    np.bitwise_xor: "^",
    np.divide: "/",
    np.equal: "==",
    np.floor_divide: "//",
    np.greater: ">",
    np.greater_equal: ">=",
    np.left_shift: "<<",
    np.less: "<",
    np.less_equal: "<=",
    np.logical_and: "&",
    np.logical_or: "|",
    np.logical_xor: "^",
    np.matmul: "@",
    np.multiply: "*",
    np.not_equal: "!=",
    np.remainder: "%",
    np.right_shift: ">>",
    np.subtract: "-",
}
"""The operators of two operands. ``**`` is not ``np.power``: it computes some powers otherwise."""

OF_ONE: Mapping[Any, str] = {
    np.invert: "~",
    np.logical_not: "~",
    np.negative: "-",
    np.square: "**2",
}
"""The operators of one operand; arrays of floats are squared by ``np.square``."""

LOGICAL = (np.logical_and, np.logical_not, np.logical_or, np.logical_xor)
"""Functions of truths; the operators are of bits, which is the same for arrays of truths."""

OF_SCALARS = {
    "iuf": frozenset(["+", "-", "*", "<", "<=", ">", ">=", "==", "!="]),
    "iu": frozenset(["%"]),
    "f": frozenset("/"),  # quotients of small integers had another type in NumPy 1.22
}
"""Operators that compute the same for NumPy's scalars as for arrays, by the kinds of dtypes."""


def operator_of(operands: Operands, call: Call) -> str:
    """Return the operator that makes the same call, "" if there is none.

    Both make the same result of the same type with any version of NumPy: operands have one
    element type, and one of them is an array, or the operator is one of scalars, too.
    """
    table = {1: OF_ONE, 2: BINARY}.get(len(call.args), {})
    symbol = table.get(call.function, "") if callable(call.function) else ""
    if not symbol or call.kwargs or call.results is not None:
        return ""
    places = [a for a in call.args if operands.number(a) is None]
    kinds = [kind for kind in map(operands.kind, call.args) if kind is not None]
    types = {kind.dtype for kind in kinds}
    if len(kinds) != len(call.args) or not places or len(types) != 1:
        return ""
    arrays = sum(bool(kind.rank) for kind in kinds)
    (dtype,) = types
    fits = arrays > 0 or _is_of_scalars(symbol, dtype)
    fits &= dtype != "string" and (call.function not in LOGICAL or dtype == "bool")
    if symbol == "@" or dtype in EXTENSION_DTYPES:
        fits &= arrays == len(kinds)
    if symbol == "**2":
        fits &= dtype in ("float16", "float32", "float64")
    if symbol in ("==", "!="):
        fits &= _broadcast(kinds)
    return symbol if fits else ""


def plain_number(
    operands: Operands, argument: Argument, other: Argument
) -> np.ndarray | None:
    """Return the number that may stand as one of Python's beside another operand."""
    array, kind = operands.number(argument), operands.kind(other)
    if array is None or kind is None:
        return None
    return array if kind.rank or kind.dtype in ("int64", "float64") else None


def _is_of_scalars(symbol: str, dtype: str) -> bool:
    """Whether an operator may stand where nothing says that an operand is an array."""
    if dtype in EXTENSION_DTYPES:
        return False
    kind = DTYPES[dtype].kind
    return any(kind in kinds and symbol in OF_SCALARS[kinds] for kinds in OF_SCALARS)


def _broadcast(kinds: list[TensorType]) -> bool:
    """Whether shapes certainly fit: old versions of NumPy say False where they do not."""
    if any(kind.rank == 0 for kind in kinds):
        return True
    shapes = [kind.static_shape for kind in kinds]
    try:
        np.broadcast_shapes(*(shape for shape in shapes if shape is not None))
    except ValueError:
        return False
    return None not in shapes
