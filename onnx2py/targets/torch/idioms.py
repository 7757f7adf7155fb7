"""Idioms: what a reader of PyTorch expects in place of ``ops``, where it means the same.

Each is a function of a :class:`CallWriter` that returns the source, or "" where the twin does what
PyTorch's function does not: then the twin is called. They are found by the twin's module and name.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...emit.calls import CallWriter
from ...ir.program import Ref
from ..idioms import Idiom, dtype_of, plain, text
from .idioms_layers import LAYERS
from .idioms_shapes import SHAPES
from .idioms_text import functional, torch
from .literals import FLOATS, MOVED, WHOLE

NUMBERS_BESIDE = (np.where, np.maximum, np.minimum)
"""Functions of NumPy whose idioms take numbers beside a tensor."""


def of_floats(name: str, more: str = "") -> Idiom:
    """Return the idiom of a function in ``F`` of one tensor of floats."""

    def idiom(w: CallWriter) -> str:
        if not plain(w, 1) or dtype_of(w, w.call.args[0]) not in FLOATS:
            return ""
        return f"{functional(w)}.{name}({text(w, 0)}{more})"

    return idiom


def softmax(name: str) -> Idiom:
    """Return the idiom of softmax or its logarithm."""

    def idiom(w: CallWriter) -> str:
        if dtype_of(w, w.call.args[0]) not in FLOATS:
            return ""
        axis = w.call.kwargs.get("axis", -1)
        return f"{functional(w)}.{name}({text(w, 0)}, dim={w.argument(axis)})"

    return idiom


def where(w: CallWriter) -> str:
    """``torch.where(mask, x, 0.0)``: one of the values may be a number."""
    condition, x, y = w.call.args
    kinds = {dtype_of(w, x), dtype_of(w, y)}
    if dtype_of(w, condition) != "bool" or len(kinds) != 1 or not kinds <= MOVED:
        return ""
    first, second = w.number(x), w.number(y)
    if first is not None and second is not None and dtype_of(w, x) != "float32":
        second = None  # two numbers of Python's make a tensor of float32
    values = [
        w.argument(value) if number is None else w.uses.dialect.digits(number, w.uses)
        for value, number in ((x, first), (y, second))
    ]
    return f"{torch(w)}.where({w.argument(condition)}, {', '.join(values)})"


def extreme(name: str, bound: str) -> Idiom:
    """Return the idiom of ``maximum`` or ``minimum``, which is ``clamp`` beside a number."""

    def idiom(w: CallWriter) -> str:
        a, b = w.call.args
        dtype = dtype_of(w, a)
        if w.call.kwargs or dtype != dtype_of(w, b) or dtype not in FLOATS | WHOLE:
            return ""
        for value, other in ((a, b), (b, a)):
            number = w.number(other)
            if (
                number is not None
                and w.number(value) is None
                and isinstance(value, Ref)
            ):
                if number != number:
                    return ""
                digits = w.uses.dialect.digits(number, w.uses)
                return f"{w.argument(value)}.clamp({bound}={digits})"
        if any(w.number(value) is not None for value in (a, b)):
            return ""
        return f"{torch(w)}.{name}({text(w, 0)}, {text(w, 1)})"

    return idiom


def clip(w: CallWriter) -> str:
    """``x.clamp(0.0, 6.0)``: both bounds are numbers."""
    x, *bounds = w.call.args
    numbers = [b for b in bounds if isinstance(b, (int, float)) and b == b]
    if len(numbers) != 2 or dtype_of(w, x) not in FLOATS or not isinstance(x, Ref):
        return ""
    return f"{w.argument(x)}.clamp({', '.join(map(w.argument, bounds))})"


def to(w: CallWriter) -> str:
    """``x.to(torch.int64)``; PyTorch rounds to float8e4m3fn otherwise, and lacks ``int4``."""
    x, dtype = w.call.args[:2]
    if not isinstance(x, Ref) or not isinstance(dtype, (np.dtype, type)):
        return ""
    name = w.uses.dialect.dtype(np.dtype(dtype), w.uses)
    is_odd = "float8" in name or not name.startswith("torch.")
    return "" if is_odd or w.call.kwargs else f"{w.argument(x)}.to({name})"


IDIOMS: Mapping[str, Idiom] = {
    "activation.relu": of_floats("relu"),
    "activation.hard_swish": of_floats("hardswish"),
    "activation_exponential.swish": of_floats("silu"),
    "activation_gelu.gelu": of_floats("gelu"),
    "activation_gelu.gelu_tanh": of_floats("gelu", ', approximate="tanh"'),
    "arithmetic.clip": clip,
    "arrays.astype": to,
    "arrays.maximum": extreme("maximum", "min"),
    "arrays.minimum": extreme("minimum", "max"),
    "arrays.where": where,
    "casting.cast": to,
    "softmax.log_softmax": softmax("log_softmax"),
    "softmax.softmax": softmax("softmax"),
    **SHAPES,
    **LAYERS,
}
"""By the module and the name of the twin."""
