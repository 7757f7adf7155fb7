"""Python literals of call arguments; all text of a model is quoted here."""

from __future__ import annotations

import keyword
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..errors import InternalError
from ..ir.program import Argument, Expression, Kernel, Ref
from ..ir.symbols import ARRAYS, Symbol
from .infix import COMPARISON, PRECEDENCE, UNARY
from .uses import Uses, is_kernel

MOST_ITEMS = 8
"""Of a vector that is written as a list, though all its numbers are the same."""


def literal(value: Any, uses: Uses | None = None) -> str:
    """Return a Python expression that evaluates to a value.

    Raises
    ------
    InternalError
        If its type has no literal, or if that is the library's and there are no ``uses``.
    """
    if value is None or isinstance(value, (bool, str, int)):
        return repr(value) if not isinstance(value, str) else ascii(value)
    if isinstance(value, float) and uses is None and math.isfinite(value):
        return repr(value)
    if isinstance(value, tuple):
        items = ", ".join(literal(item, uses) for item in value)
        return f"({items},)" if len(value) == 1 else f"({items})"
    if uses is None:
        raise InternalError(
            f"no literal for {type(value).__name__} without its library"
        )
    if isinstance(value, float):
        return uses.dialect.number(value, uses)
    if isinstance(value, (np.dtype, type)):
        return dtype_literal(np.dtype(value), uses)
    if isinstance(value, np.ndarray):
        return array_literal(value, uses)
    if isinstance(value, Kernel):
        return kernel_literal(value, partial(literal, uses=uses), uses)
    raise InternalError(f"no literal for {type(value).__name__}")


def kernel_literal(kernel: Kernel, spell: Callable[[Any], str], uses: Uses) -> str:
    """Return the source of a function with options: ``partial(ops.elu, alpha=0.5)``."""
    function = kernel.function
    if isinstance(function, str):
        name = f"np.ndarray{function}"
    else:
        name = function_name(function, uses)
    if not kernel.options:
        return name
    options = (f"{key}={spell(value)}" for key, value in kernel.options.items())
    return f"{uses.name('functools', 'partial')}({name}, {', '.join(options)})"


def dtype_literal(dtype: np.dtype, uses: Uses) -> str:
    """Return the source of a dtype: ``np.float32``."""
    return uses.dialect.dtype(dtype, uses)


def array_literal(array: np.ndarray, uses: Uses) -> str:
    """Return the source of a small array: ``np.array([1, 2], np.int64)``."""
    return uses.dialect.array(array, uses)


def scalar_literal(array: np.ndarray, uses: Uses) -> str:
    """Return the source of a 0-d array: ``np.float32(0.5)``."""
    return uses.dialect.scalar(array, uses)


def render_number(number: Argument, spell: Callable[[str], str], least: int = 0) -> str:
    """Spell arithmetic, in parentheses if its operator binds less than ``least``."""
    if isinstance(number, Ref):
        return spell(number.name)
    if not isinstance(number, Expression):
        return (
            f"({number})"
            if isinstance(number, int) and number < 0 < least
            else literal(number)
        )
    symbol = number.operator
    if symbol in ("min", "max"):
        both = (render_number(each, spell) for each in (number.left, number.right))
        return f"{symbol}({', '.join(both)})"
    if symbol == "-" and number.left == 0:
        return f"-{render_number(number.right, spell, UNARY)}"
    level = PRECEDENCE[symbol]
    left = render_number(number.left, spell, level + (level == COMPARISON))
    text = f"{left} {symbol} {render_number(number.right, spell, level + 1)}"
    return f"({text})" if level < least else text


def index_text(index: Argument, spell: Callable[[Argument], str]) -> str:
    """Return the source of an index: ``:, 1:5, ::-1``."""

    def part(item: Any) -> str:
        if item is Ellipsis:
            return "..."
        start, stop, step = (
            "" if bound is None else spell(bound)
            for bound in (item.start, item.stop, item.step)
        )
        return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"

    if not isinstance(index, tuple):  # given from outside
        return spell(index)
    return ", ".join(map(part, index))


def function_name(function: Callable[..., Any], uses: Uses) -> str:
    """Return the source name of a function: ``ops.conv`` for kernels, ``np.add`` for NumPy's."""
    if not is_kernel(function):
        return uses.dialect.function(function, uses)
    name = uses.kernel(function)
    if isinstance(function, Symbol) and function.module == ARRAYS:
        return f"ops.{ARRAYS}.{name}"
    return f"ops.{name}" if not keyword.iskeyword(name) else f"ops.{name}_"
