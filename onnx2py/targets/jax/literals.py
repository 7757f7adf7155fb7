"""Element types, numbers and small arrays as JAX's source.

Types of 64 bits are spelled ``int`` and ``float``: JAX makes of these the types of 32 bits, unless
64 bits are enabled, and does so without a warning.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...emit.uses import Uses
from ...ir.types import EXTENSION_DTYPES, NUMPY_DTYPES, dtype_name
from ..network.dtypes import FLOATS as FLOATS

DTYPES = {name: name for name in NUMPY_DTYPES if name != "string"} | {
    "bfloat16": "bfloat16",
    "float8e4m3fn": "float8_e4m3fn",
    "float8e4m3fnuz": "float8_e4m3fnuz",
    "float8e5m2": "float8_e5m2",
    "float8e5m2fnuz": "float8_e5m2fnuz",
    "float8e8m0": "float8_e8m0fnu",
    "float4e2m1": "float4_e2m1fn",
    "int4": "int4",
    "uint4": "uint4",
    "int2": "int2",
    "uint2": "uint2",
}
"""What JAX calls the element types that it has."""

OF_PYTHON = {
    "bool": "bool",
    "int64": "int",
    "float64": "float",
    "complex128": "complex",
}
"""The types that Python has a name for."""
WIDE = frozenset(["int64", "uint64", "float64", "complex128"])
"""The types that JAX has only where 64 bits are enabled."""

COMPLEX = frozenset(["complex64", "complex128"])
WHOLE = frozenset(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
MOVED = FLOATS | COMPLEX | WHOLE | {"bool"}

_EXTENSIONS = set(EXTENSION_DTYPES.values())


def dtype_literal(dtype: np.dtype, uses: Uses) -> str:
    """Return the source of an element type: ``jnp.float32``, ``int``."""
    name = dtype_name(dtype)
    return OF_PYTHON.get(name) or f"{jnp(uses)}.{DTYPES[name]}"


def jnp(uses: Uses) -> str:
    """Return the name of ``jax.numpy``."""
    return uses.name("jnp", "jnp")


def number_literal(value: float, uses: Uses) -> str:
    """Return the source of a number: ``0.5``, ``math.inf``."""
    if math.isfinite(value):
        return repr(value)
    math_ = uses.name("math", "math")
    if math.isnan(value):
        return f"{math_}.nan"
    return f"{math_}.inf" if value > 0 else f"-{math_}.inf"


def digits(array: np.ndarray, uses: Uses) -> str:
    """Return the number in an array of one element: the shortest that is read as the same."""
    item = array.reshape(-1)[0]
    if array.dtype == np.float32 and np.isfinite(item):
        text = float(str(item))
        # Rounded to a float32 by way of a float64, the largest numbers would be infinite.
        return number_literal(text if np.float32(text) == item else item.item(), uses)
    if array.dtype in _EXTENSIONS:
        item = np.float64(item)
    return _text(item.item(), uses)


def scalar_literal(array: np.ndarray, uses: Uses) -> str:
    """Return the source of a 0-d array: ``jnp.float32(0.5)``, ``jnp.array(3)``."""
    dtype = dtype_literal(array.dtype, uses)
    if not dtype.startswith("jnp.") or array.ndim:
        return array_literal(array, uses)
    if array.dtype.kind == "f" and array == np.finfo(array.dtype).min:
        return f"{jnp(uses)}.finfo({dtype}).min"
    return f"{dtype}({digits(array, uses)})"


def array_literal(array: np.ndarray, uses: Uses) -> str:
    """Return the source of a small array: ``jnp.array([1, 2])``."""
    is_usual = array.dtype in (np.int64, np.bool_, np.float64) and array.size > 0
    dtype = "" if is_usual else f", {dtype_literal(array.dtype, uses)}"
    if 0 in array.shape:
        return f"{jnp(uses)}.zeros({array.shape}{dtype})"
    numbers = array.reshape(-1)
    texts = np.array([digits(numbers[i : i + 1], uses) for i in range(numbers.size)])
    return f"{jnp(uses)}.array({_nested(texts.reshape(array.shape))}{dtype})"


def zeros(shape: tuple[int | str, ...], dtype: np.dtype, uses: Uses) -> str:
    """Return the source of an array of zeros."""
    lengths = ", ".join(map(str, shape)) + "," * (len(shape) == 1)
    return f"{jnp(uses)}.zeros(({lengths}), {dtype_literal(dtype, uses)})"


def _text(value: Any, uses: Uses) -> str:
    if isinstance(value, complex):
        return f"complex({_text(value.real, uses)}, {_text(value.imag, uses)})"
    return number_literal(value, uses) if isinstance(value, float) else repr(value)


def _nested(texts: np.ndarray) -> str:
    if texts.ndim == 0:
        return str(texts)
    return f"[{', '.join(map(_nested, texts))}]"


def numpy_literal(array: np.ndarray, uses: Uses) -> str:
    """Return the source of a small array of NumPy: ``np.array([1, 2], np.int64)``."""
    np_ = uses.name("np", "np")
    name = dtype_name(array.dtype)
    dtype = (
        f"{np_}.{name}" if name in NUMPY_DTYPES else dtype_literal(array.dtype, uses)
    )
    dtype = "bool" if name == "bool" else dtype
    if 0 in array.shape:
        return f"{np_}.zeros({array.shape}, {dtype})"
    numbers = array.reshape(-1)
    texts = np.array([digits(numbers[i : i + 1], uses) for i in range(numbers.size)])
    return f"{np_}.array({_nested(texts.reshape(array.shape))}, {dtype})"
