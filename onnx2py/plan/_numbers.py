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
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
NEGATED = {"==": "!=", "<": ">=", "<=": ">"}
NEGATED.update({other: symbol for symbol, other in NEGATED.items()})
"""The comparison that is true where another is not."""


def combined(symbol: str, left: Number, right: Number) -> Number:
    """Return an expression of two operands, computed where both are known."""
    if isinstance(left, int) and isinstance(right, int):
        return _FOLDED[symbol](left, right)
    if symbol in ("+", "-"):
        return _sum_of(_terms(left) + _terms(right, 1 if symbol == "+" else -1))
    if symbol == "*":
        return _product(left, right)
    return left if symbol == "//" and right == 1 else Expression(symbol, left, right)


Terms = list[tuple[Number, int]]
"""A sum: what is added up, and how often; 1 stands for a number."""


def _terms(number: Number, times: int = 1) -> Terms:
    if isinstance(number, int):
        return [(1, number * times)]
    if not isinstance(number, Expression) or number.operator not in ("+", "-"):
        return [(number, times)]
    sign = 1 if number.operator == "+" else -1
    return _terms(number.left, times) + _terms(number.right, times * sign)


def _sum_of(terms: Terms) -> Number:
    """Return ``a + b - c``: equal terms once, those that are added first, a number last."""
    counts: dict[Number, int] = {}
    for term, times in terms:
        counts[term] = counts.get(term, 0) + times
    number = counts.pop(1, 0)
    added = [_product(term, n) for term, n in counts.items() if n > 0]
    taken = [_product(term, -n) for term, n in counts.items() if n < 0]
    if number > 0 or not added:
        added.append(number)
    elif number < 0:
        taken.append(-number)
    total = added[0]
    for symbol, others in (("+", added[1:]), ("-", taken)):
        for term in others:
            total = Expression(symbol, total, term)
    return total


def _product(left: Number, right: Number) -> Number:
    if isinstance(left, int):  # t * 2 rather than 2 * t
        left, right = right, left
    if isinstance(left, int) and isinstance(right, int):
        return left * right
    if right in (0, 1):
        return left if right == 1 else 0
    if isinstance(left, Expression) and left.operator == "*":  # t * 2 * 3
        factor = left.right
        if isinstance(factor, int) and isinstance(right, int):
            return _product(left.left, factor * right)
    return Expression("*", left, right)


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


def ordered(symbol: str, left: Number, right: Number) -> Number:
    """Return whether a number is less than another, say: True or False where that is certain."""
    if isinstance(right, int) and not isinstance(left, int) and is_length(left):
        is_below = right < 0 or (right == 0 and symbol in ("<", ">="))
        if is_below:
            return symbol in (">", ">=")
    return combined(symbol, left, right)
