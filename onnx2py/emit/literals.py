"""Python literals of what calls carry. Nothing of a model's text gets past this unquoted."""

from __future__ import annotations

import keyword
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import InternalError
from ..ir.program import Argument, Call, Ref
from ..ir.types import EXTENSION_DTYPES

_EXTENSIONS = set(EXTENSION_DTYPES.values())


def literal(value: Any) -> str:
    """Spell a value as a Python expression that evaluates to it.

    Raises
    ------
    InternalError
        If it is of a type that has no literal.
    """
    if value is None or isinstance(value, (bool, str, int)):
        return repr(value) if not isinstance(value, str) else ascii(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, tuple):
        items = ", ".join(map(literal, value))
        return f"({items},)" if len(value) == 1 else f"({items})"
    if isinstance(value, (np.dtype, type)):
        return dtype_literal(np.dtype(value))
    if isinstance(value, np.ndarray):
        return array_literal(value)
    raise InternalError(f"no literal for {type(value).__name__}")


def _float(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    if math.isnan(value):
        return "np.nan"
    return "np.inf" if value > 0 else "-np.inf"


def dtype_literal(dtype: np.dtype) -> str:
    """Spell a dtype: ``np.float32``, ``ml_dtypes.int4``, ``np.object_`` for strings."""
    if dtype in _EXTENSIONS:
        return f"ml_dtypes.{dtype.name}"
    if dtype.kind in "UO":
        return "np.object_"
    return "np.bool_" if dtype.kind == "b" else f"np.{dtype.name}"


def array_literal(array: np.ndarray) -> str:
    """Spell a small array: ``np.array([1, 2], np.int64)``."""

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
    if 0 in array.shape:
        return f"np.zeros({literal(array.shape)}, {dtype_literal(array.dtype)})"
    if array.dtype == np.float32 or array.dtype == np.float16:
        text = np.array([_shortest(x) for x in array.ravel()], object).reshape(
            array.shape
        )
        return f"np.array({_nested(text)}, {dtype_literal(array.dtype)})"
    return f"np.array({items(numbers.tolist())}, {dtype_literal(array.dtype)})"


def _shortest(number: np.floating) -> str:
    return _float(float(str(number))) if np.isfinite(number) else _float(float(number))


def _nested(text: np.ndarray) -> str:
    if text.ndim == 0:
        return str(text.item())
    return f"[{', '.join(_nested(np.asarray(part, object)) for part in text)}]"


def render_call(call: Call, spell: Callable[[str], str]) -> str:
    """Spell a call as a Python expression; ``spell`` says what a value is called."""

    def argument(value: Argument) -> str:
        if isinstance(value, Ref):
            return spell(value.name)
        if isinstance(value, tuple) and any(isinstance(item, Ref) for item in value):
            items = ", ".join(map(argument, value))
            return f"({items},)" if len(value) == 1 else f"({items})"
        return literal(value)

    if call.function is operator.getitem:
        return f"{argument(call.args[0])}[{_index(call.args[1])}]"
    args = [argument(value) for value in call.args]
    kwargs = [f"{name}={argument(value)}" for name, value in call.kwargs.items()]
    if isinstance(call.function, str):
        return f"{args[0]}{call.function}({', '.join([*args[1:], *kwargs])})"
    if call.function in _METHODS and isinstance(call.args[0], Ref):
        method = call.function.__name__
        return f"{args[0]}.{method}({', '.join([*args[1:], *kwargs])})"
    if call.function is np.expand_dims and isinstance(call.args[0], Ref):
        places = _new_axes(call.kwargs["axis"])
        if places:
            return f"{args[0]}[{places}]"
    return f"{function_name(call.function)}({', '.join(args + kwargs)})"


_METHODS = (np.reshape, np.squeeze, np.take, np.transpose)
"""NumPy's functions of these names only look for the method: that takes most of their time."""


def _new_axes(axis: Argument) -> str:
    """Spell the index that makes new axes, an eighth of the time of ``np.expand_dims``."""
    axes = axis if isinstance(axis, tuple) else (axis,)
    numbers = [n for n in axes if isinstance(n, int)]
    if not numbers or len(numbers) != len(axes) or len({*numbers}) != len(numbers):
        return ""
    if max(map(abs, numbers)) > 64:  # more axes than NumPy has: it will say so
        return ""
    if min(numbers) >= 0:
        places = range(max(numbers) + 1)
    elif max(numbers) < 0:
        places = range(min(numbers), 0)
    else:
        return ""
    parts = ["np.newaxis" if place in numbers else ":" for place in places]
    return ", ".join(parts if min(numbers) >= 0 else ["...", *parts])


def _index(index: Argument) -> str:
    """Spell what stands in brackets: ``:, 1:5, ::-1``."""

    def part(item: Any) -> str:
        if item is Ellipsis:
            return "..."
        start, stop, step = (
            "" if bound is None else str(int(bound))
            for bound in (item.start, item.stop, item.step)
        )
        return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"

    assert isinstance(index, tuple)
    return ", ".join(map(part, index))


def function_name(function: Callable[..., Any]) -> str:
    """Spell a kernel as ``ops.conv`` and a NumPy function as ``np.add``.

    Raises
    ------
    InternalError
        If it is neither.
    """
    name = function.__name__
    if getattr(function, "__module__", "").startswith("onnx2py.kernels"):
        return f"ops.{name}" if not keyword.iskeyword(name) else f"ops.{name}_"
    if getattr(np, name, None) is not function:
        raise InternalError(f"{function}: neither a kernel nor a public NumPy function")
    return f"np.{name}"
