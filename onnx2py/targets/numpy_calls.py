"""Calls as NumPy's source: operators, methods, indices, and functions of ``np``."""

from __future__ import annotations

import operator
from functools import partial
from typing import Any

import numpy as np

from ..emit.calls import CallWriter
from ..emit.infix import infix_text
from ..emit.literals import function_name, index_text
from ..ir.program import Argument, Ref
from .numpy_infix import operator_of, plain_number


def numpy_call(writer: CallWriter) -> str:
    """Return the source of a call."""
    call, operands, argument = writer.call, writer.operands, writer.argument
    symbol = operator_of(operands, call) if operands else ""
    if operands and symbol:
        return infix_text(writer, symbol, partial(plain_number, operands))
    if call.function is operator.getitem:
        return f"{argument(call.args[0])}[{index_text(call.args[1], argument)}]"
    if call.function in LENGTHS:
        return _lengths(LENGTHS[call.function], *map(argument, call.args))
    args, kwargs = writer.arguments()
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
    return f"{function_name(call.function, writer.uses)}({', '.join(args + kwargs)})"


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
