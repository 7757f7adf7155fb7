"""Arithmetic of lengths while a model is compiled: numbers, names of numbers, expressions."""

from __future__ import annotations

import operator
from collections.abc import Callable

from ..ir.program import Expression, Number, Ref

_FOLDED: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
    "min": min,
    "max": max,
    "==": operator.eq,
    "!=": operator.ne,
}
_NEUTRAL = {"+": 0, "-": 0, "*": 1, "//": 1}
"""What changes nothing as the right operand."""


def combined(symbol: str, left: Number, right: Number) -> Number:
    """Return an expression of two operands, computed where both are known."""
    if isinstance(left, int) and isinstance(right, int):
        return _FOLDED[symbol](left, right)
    if right == _NEUTRAL.get(symbol):
        return left
    if symbol in ("+", "*"):
        if left == _NEUTRAL[symbol]:
            return right
        if isinstance(left, int):  # t * 2 rather than 2 * t
            left, right = right, left
        if _ends_in_int(left, symbol) and isinstance(right, int):  # (t + 1) + 2
            assert isinstance(left, Expression) and isinstance(left.right, int)
            return combined(symbol, left.left, _FOLDED[symbol](left.right, right))
    if symbol == "*" and 0 in (left, right):
        return 0
    return Expression(symbol, left, right)


def _ends_in_int(number: Number, symbol: str) -> bool:
    same = isinstance(number, Expression) and number.operator == symbol
    return same and isinstance(number.right, int)  # type: ignore[union-attr]


def is_length(number: Number) -> bool:
    """Whether a number cannot be negative."""
    if isinstance(number, int):
        return number >= 0
    if isinstance(number, Ref):
        return True
    both = is_length(number.left) and is_length(number.right)
    return both and number.operator != "-"


def equal(left: Number, right: Number, *, negated: bool = False) -> Number:
    """Return whether two numbers are equal: True or False where that is certain."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, int) and one < 0 and is_length(other):
            return negated
    if left == right:
        return not negated
    return combined("!=" if negated else "==", left, right)
