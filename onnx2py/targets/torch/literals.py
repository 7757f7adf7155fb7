"""Element types, numbers and small tensors as PyTorch's source."""

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
}
"""What PyTorch calls the element types that it has."""

CARRIED = {"int4": "int8", "uint4": "uint8", "int2": "int8", "uint2": "uint8"}
"""The types of the tensors that hold numbers of types without arithmetic in PyTorch."""

COMPLEX = frozenset(["complex64", "complex128"])
WHOLE = frozenset(["int8", "int16", "int32", "int64", "uint8"])
"""Integers that PyTorch computes with; it only stores longer unsigned ones."""

MOVED = FLOATS | COMPLEX | WHOLE | {"bool"}
"""Types that all of PyTorch's functions move, in all of its versions."""

_EXTENSIONS = set(EXTENSION_DTYPES.values())
_WIDEST = -float(np.finfo(np.float32).max)


def dtype_literal(dtype: np.dtype, uses: Uses) -> str:
    """Return the source of an element type: ``torch.float32``, ``"int4"`` if it is carried."""
    name = dtype_name(dtype)
    if name in CARRIED:
        return f'"{name}"'
    return f"{uses.library('torch')}.{DTYPES[name]}"


def number_literal(value: float, uses: Uses) -> str:
    """Return the source of a number: ``0.5``, ``math.inf``."""
    if math.isfinite(value):
        rounded = float(np.clip(np.float64(value), _WIDEST, -_WIDEST))
        is_widest = abs(rounded) < abs(value) <= abs(rounded) * (1 + 2**-25)
        return repr(rounded if is_widest else value)  # else it is infinite once rounded
    math_ = uses.name("math", "math")
    if math.isnan(value):
        return f"{math_}.nan"
    return f"{math_}.inf" if value > 0 else f"-{math_}.inf"


def digits(array: np.ndarray, uses: Uses) -> str:
    """Return the number of a tensor of one element: the shortest that is read as the same.

    Smaller types are written in full, since tensors of them compute with float32.
    """
    item = array.reshape(-1)[0]
    if array.dtype == np.float32 and np.isfinite(item):
        return number_literal(float(str(item)), uses)
    if array.dtype in _EXTENSIONS:
        item = np.float64(item)
    return _text(item.item(), uses)


def model_device(uses: Uses) -> str:
    """Return the expression for where the model is."""
    return f"self.{uses.name('module', 'device')}"


def tensor_literal(array: np.ndarray, uses: Uses, device: str = "") -> str:
    """Return the source of a small tensor: ``torch.tensor([1, 2])``."""
    torch = uses.library("torch")
    is_usual = array.dtype in (np.int64, np.bool_) and array.size > 0
    dtype = "" if is_usual else _dtype_option(array.dtype, uses)
    place = f", device={device}" * bool(device)
    if 0 in array.shape:
        return f"{torch}.zeros({_shape(array.shape)}{dtype}{place})"
    numbers = array.reshape(-1)
    texts = np.array([digits(numbers[i : i + 1], uses) for i in range(numbers.size)])
    return f"{torch}.tensor({_nested(texts.reshape(array.shape))}{dtype}{place})"


def zeros(
    shape: tuple[int | str, ...], dtype: np.dtype, uses: Uses, device: str = ""
) -> str:
    """Return the source of a tensor of zeros: ``torch.zeros(3, 4)``, of names ``(3, width)``."""
    place = f", device={device}" * bool(device)
    is_usual = dtype == np.float32 and not device
    torch, option = uses.library("torch"), (
        "" if is_usual else _dtype_option(dtype, uses)
    )
    return f"{torch}.zeros({_shape(shape)}{option}{place})"


def _shape(shape: tuple[int | str, ...]) -> str:
    return ", ".join(map(str, shape)) if shape else "()"


def _dtype_option(dtype: np.dtype, uses: Uses) -> str:
    return f", dtype={dtype_literal(dtype, uses)}"


def _text(value: Any, uses: Uses) -> str:
    if isinstance(value, complex):
        return f"complex({_text(value.real, uses)}, {_text(value.imag, uses)})"
    return number_literal(value, uses) if isinstance(value, float) else repr(value)


def _nested(texts: np.ndarray) -> str:
    if texts.ndim == 0:
        return str(texts)
    return f"[{', '.join(map(_nested, texts))}]"
