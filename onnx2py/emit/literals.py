"""Python literals of call arguments; all text of a model is quoted here."""

from __future__ import annotations

import keyword
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import InternalError
from ..ir.memory import is_uniform
from ..ir.program import Argument, Call, Expression, Ref
from ..ir.symbols import ARRAYS, Symbol
from ..ir.types import EXTENSION_DTYPES
from .infix import COMPARISON, PRECEDENCE, UNARY, Operands
from .uses import Uses, is_kernel

_EXTENSIONS = set(EXTENSION_DTYPES.values())

MOST_ITEMS = 8
"""Of a vector that is written as a list, though all its numbers are the same."""


def literal(value: Any, uses: Uses | None = None) -> str:
    """Return a Python expression that evaluates to a value.

    Raises
    ------
    InternalError
        If its type has no literal, or if it needs ml_dtypes and no ``uses`` note that.
    """
    if value is None or isinstance(value, (bool, str, int)):
        return repr(value) if not isinstance(value, str) else ascii(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, tuple):
        items = ", ".join(literal(item, uses) for item in value)
        return f"({items},)" if len(value) == 1 else f"({items})"
    if isinstance(value, (np.dtype, type)):
        return dtype_literal(np.dtype(value), uses)
    if isinstance(value, np.ndarray):
        return array_literal(value, uses)
    raise InternalError(f"no literal for {type(value).__name__}")


def _float(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    if math.isnan(value):
        return "np.nan"
    return "np.inf" if value > 0 else "-np.inf"


def dtype_literal(dtype: np.dtype, uses: Uses | None = None) -> str:
    """Return the source of a dtype: ``np.float32``, ``ml_dtypes.int4``; strings: ``np.object_``."""
    if dtype in _EXTENSIONS:
        if uses is None:
            raise InternalError(f"{dtype.name}: nothing notes that it needs ml_dtypes")
        return f"{uses.library('ml_dtypes')}.{dtype.name}"
    if dtype.kind in "UO":
        return "np.object_"
    return "np.bool_" if dtype.kind == "b" else f"np.{dtype.name}"


def scalar_text(array: np.ndarray) -> str:
    """Return the number in a 0-d array of one of NumPy's own dtypes: ``0.5``."""
    short = array.dtype == np.float32 or array.dtype == np.float16
    return _shortest(array.ravel()[0]) if short else literal(array.item())


def array_literal(array: np.ndarray, uses: Uses | None = None) -> str:
    """Return the source of a small array: ``np.array([1, 2], np.int64)``."""

    def items(value: Any) -> str:
        if isinstance(value, list):
            return f"[{', '.join(map(items, value))}]"
        if isinstance(value, complex):
            return f"complex({_float(value.real)}, {_float(value.imag)})"
        return literal(value)

    if array.dtype in _EXTENSIONS:
        wide = np.int8 if "int" in array.dtype.name else np.float32
        numbers = array.astype(wide)
    else:
        numbers = array
    dtype = dtype_literal(array.dtype, uses)
    if 0 in array.shape:
        return f"np.zeros({literal(array.shape)}, {dtype})"
    if is_uniform(array) and array.size > MOST_ITEMS:
        return _filled(array, dtype)
    if array.dtype == np.float32 or array.dtype == np.float16:
        text = np.array([_shortest(x) for x in array.ravel()], object).reshape(
            array.shape
        )
        return f"np.array({_nested(text)}, {dtype})"
    return f"np.array({items(numbers.tolist())}, {dtype})"


def _filled(array: np.ndarray, dtype: str) -> str:
    """Return the source of a vector of one number."""
    short = array.dtype == np.float32 or array.dtype == np.float16
    number = _shortest(array[0]) if short else literal(array[0].item())
    function = {"0.0": "zeros", "1.0": "ones"}.get(number)
    if function is None:
        return f"np.full({array.size}, {number}, {dtype})"
    return f"np.{function}({array.size}, {dtype})"


def _shortest(number: np.floating) -> str:
    return _float(float(str(number))) if np.isfinite(number) else _float(float(number))


def _nested(text: np.ndarray) -> str:
    if text.ndim == 0:
        return str(text.item())
    return f"[{', '.join(_nested(np.asarray(part, object)) for part in text)}]"


def render_call(
    call: Call,
    spell: Callable[[str], str],
    uses: Uses,
    operands: Operands | None = None,
) -> str:
    """Return the source of a call; ``spell`` returns the expression for a value.

    ``uses`` notes the kernel, and the libraries of the literals. Calls are written with Python's
    operators where ``operands`` say that this is the same.
    """
    symbol = operands.operator(call) if operands else ""
    if operands and symbol:
        return _infix(symbol, call, spell, operands)

    def argument(value: Argument) -> str:
        if isinstance(value, (Ref, Expression)):
            return render_number(value, spell)
        if isinstance(value, tuple) and not all(map(_is_literal, value)):
            items = ", ".join(map(argument, value))
            return f"({items},)" if len(value) == 1 else f"({items})"
        return literal(value, uses)

    if call.function is operator.getitem:
        return f"{argument(call.args[0])}[{_index(call.args[1], argument)}]"
    if call.function in LENGTHS:
        return _lengths(LENGTHS[call.function], *map(argument, call.args))
    args = [argument(value) for value in call.args]
    kwargs = [f"{name}={argument(value)}" for name, value in call.kwargs.items()]
    if isinstance(call.function, str):
        return f"{args[0]}{call.function}({', '.join([*args[1:], *kwargs])})"
    if call.function in _METHODS and isinstance(call.args[0], Ref):
        method = call.function.__name__
        if call.function is np.reshape and isinstance(call.args[1], tuple):
            args[1:] = map(argument, call.args[1]) if call.args[1] else ["()"]
        return f"{args[0]}.{method}({', '.join([*args[1:], *kwargs])})"
    if call.function is np.expand_dims and isinstance(call.args[0], Ref):
        places = _new_axes(call.kwargs["axis"])
        if places:
            return f"{args[0]}[{places}]"
    return f"{function_name(call.function, uses)}({', '.join(args + kwargs)})"


_METHODS = (np.reshape, np.squeeze, np.take, np.transpose)
"""NumPy functions that only call the method of the same name, at several times its cost."""


def _new_axes(axis: Argument) -> str:
    """Return the index that adds axes, which takes an eighth of the time of ``np.expand_dims``."""
    axes = axis if isinstance(axis, tuple) else (axis,)
    numbers = [n for n in axes if isinstance(n, int)]
    if not numbers or len(numbers) != len(axes) or len({*numbers}) != len(numbers):
        return ""
    if (
        max(map(abs, numbers)) > 64
    ):  # more axes than NumPy supports: it will raise an error
        return ""
    if min(numbers) >= 0:
        places = range(max(numbers) + 1)
    elif max(numbers) < 0:
        places = range(min(numbers), 0)
    else:
        return ""
    parts = ["np.newaxis" if place in numbers else ":" for place in places]
    return ", ".join(parts if min(numbers) >= 0 else ["...", *parts])


LENGTHS: dict[Any, str] = {np.ndim: "ndim", np.shape: "shape", np.size: "size"}
"""Functions that read an attribute of the same name."""


def _lengths(attribute: str, data: str, axis: str = "") -> str:
    """Spell an attribute, or the length of an axis."""
    return f"{data}.shape[{axis}]" if axis else f"{data}.{attribute}"


def _is_literal(value: Argument) -> bool:
    return not isinstance(value, (Ref, Expression))


def _infix(
    symbol: str, call: Call, spell: Callable[[str], str], operands: Operands
) -> str:
    """Return the source of a call as an operator between or beside its operands."""
    if len(call.args) == 1:
        only = render_number(call.args[0], spell, UNARY)
        return f"{only}**2" if symbol == "**2" else f"{symbol}{only}"
    level = PRECEDENCE[symbol]
    left, right = call.args
    number = operands.plain(right, left)
    if number is not None and symbol in _OPPOSITE and _is_negative(number):
        symbol, number = _OPPOSITE[symbol], -number  # the same numbers by definition

    def operand(value: Argument, plain: np.ndarray | None, least: int) -> str:
        if plain is not None:
            return scalar_text(plain)
        return render_number(value, spell, least)

    first = operand(left, operands.plain(left, right), level + (level == COMPARISON))
    return f"{first} {symbol} {operand(right, number, level + 1)}"


_OPPOSITE = {"+": "-", "-": "+"}


def _is_negative(number: np.ndarray) -> bool:
    """Whether a number is negative, and its opposite of its type."""
    if number.dtype.kind == "i":
        return bool(np.iinfo(number.dtype).min < number < 0)
    return bool(number < 0)


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


def _index(index: Argument, spell: Callable[[Argument], str]) -> str:
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
    """Return the source name of a function: ``ops.conv`` for kernels, ``np.add`` for NumPy's.

    Raises
    ------
    InternalError
        If it is neither.
    """
    if is_kernel(function):
        name = uses.kernel(function)
        if isinstance(function, Symbol) and function.module == ARRAYS:
            return f"ops.{ARRAYS}.{name}"
        return f"ops.{name}" if not keyword.iskeyword(name) else f"ops.{name}_"
    name = function.__name__
    if getattr(np, name, None) is not function:
        raise InternalError(f"{function}: neither a kernel nor a public NumPy function")
    return f"np.{name}"
