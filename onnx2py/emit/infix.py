"""Calls as Python's operators between or beside their operands: ``a + b``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..ir.program import Argument

if TYPE_CHECKING:
    from .calls import CallWriter

PRECEDENCE: Mapping[str, int] = {
    symbol: level
    for level, symbols in enumerate(
        ["== != < <= > >=", "|", "^", "&", "<< >>", "+ -", "* / // % @"], 1
    )
    for symbol in symbols.split()
}
"""How tightly each operator of two operands binds, as in Python's grammar."""

COMPARISON, UNARY = 1, 8
"""How tightly comparisons bind, which are chained, and operators of one operand."""

_OPPOSITE = {"+": "-", "-": "+"}


def infix_text(
    writer: CallWriter,
    symbol: str,
    plain: Callable[[Argument, Argument], np.ndarray | None],
) -> str:
    """Return the source of a call as an operator.

    ``plain`` returns the number that may stand for one operand beside the other, if there is one.
    """
    call, uses = writer.call, writer.uses
    if len(call.args) == 1:
        only = writer.operand(call.args[0], UNARY)
        return f"{only}**2" if symbol == "**2" else f"{symbol}{only}"
    level = PRECEDENCE[symbol]
    left, right = call.args
    number = plain(right, left)
    if number is not None and symbol in _OPPOSITE and _is_negative(number):
        symbol, number = _OPPOSITE[symbol], -number  # the same numbers by definition

    def operand(value: Argument, number: np.ndarray | None, least: int) -> str:
        if number is not None:
            return uses.dialect.digits(number, uses)
        return writer.operand(value, least)

    first = operand(left, plain(left, right), level + (level == COMPARISON))
    return f"{first} {symbol} {operand(right, number, level + 1)}"


def _is_negative(number: np.ndarray) -> bool:
    """Whether a number is negative, and its opposite of its type."""
    if number.dtype.kind == "i":
        return bool(np.iinfo(number.dtype).min < number < 0)
    return bool(number < 0)
