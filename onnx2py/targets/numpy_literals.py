"""Dtypes, numbers and small arrays as NumPy's source."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..emit.literals import MOST_ITEMS, literal
from ..emit.uses import Uses
from ..ir.memory import is_uniform
from ..ir.types import EXTENSION_DTYPES

_EXTENSIONS = set(EXTENSION_DTYPES.values())


def number_literal(value: float) -> str:
    """Return the source of a number, which may be none."""
    if math.isfinite(value):
        return repr(value)
    if math.isnan(value):
        return "np.nan"
    return "np.inf" if value > 0 else "-np.inf"


def dtype_literal(dtype: np.dtype, uses: Uses) -> str:
    """Return the source of a dtype: ``np.float32``, ``ml_dtypes.int4``; strings: ``np.object_``."""
    if dtype in _EXTENSIONS:
        return f"{uses.library('ml_dtypes')}.{dtype.name}"
    if dtype.kind in "UO":
        return "np.object_"
    return "np.bool_" if dtype.kind == "b" else f"np.{dtype.name}"


def scalar_text(array: np.ndarray, uses: Uses) -> str:
    """Return the number in a 0-d array of one of NumPy's own dtypes: ``0.5``."""
    short = array.dtype == np.float32 or array.dtype == np.float16
    return _shortest(array.ravel()[0]) if short else literal(array.item(), uses)


def array_literal(array: np.ndarray, uses: Uses) -> str:
    """Return the source of a small array: ``np.array([1, 2], np.int64)``."""

    def items(value: Any) -> str:
        if isinstance(value, list):
            return f"[{', '.join(map(items, value))}]"
        if isinstance(value, complex):
            return (
                f"complex({number_literal(value.real)}, {number_literal(value.imag)})"
            )
        return literal(value, uses)

    if array.dtype in _EXTENSIONS:
        wide = np.int8 if "int" in array.dtype.name else np.float32
        numbers = array.astype(wide)
    else:
        numbers = array
    dtype = dtype_literal(array.dtype, uses)
    if 0 in array.shape:
        return f"np.zeros({literal(array.shape)}, {dtype})"
    if is_uniform(array) and array.size > MOST_ITEMS:
        return _filled(array, dtype, uses)
    if array.dtype == np.float32 or array.dtype == np.float16:
        text = np.array([_shortest(x) for x in array.ravel()], object).reshape(
            array.shape
        )
        return f"np.array({_nested(text)}, {dtype})"
    return f"np.array({items(numbers.tolist())}, {dtype})"


def _filled(array: np.ndarray, dtype: str, uses: Uses) -> str:
    """Return the source of a vector of one number."""
    short = array.dtype == np.float32 or array.dtype == np.float16
    number = _shortest(array[0]) if short else literal(array[0].item(), uses)
    function = {"0.0": "zeros", "1.0": "ones"}.get(number)
    if function is None:
        return f"np.full({array.size}, {number}, {dtype})"
    return f"np.{function}({array.size}, {dtype})"


def _shortest(number: np.floating) -> str:
    text = str(number) if np.isfinite(number) else float(number)
    return number_literal(float(text))


def _nested(text: np.ndarray) -> str:
    if text.ndim == 0:
        return str(text.item())
    return f"[{', '.join(_nested(np.asarray(part, object)) for part in text)}]"
