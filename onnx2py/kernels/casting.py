"""Conversion of element types."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray


def cast(x: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """Return ``x`` as ``dtype``, where the type of ``x`` is known only now.

    Raises
    ------
    ValueError
        If a string is not a number.

    ONNX: https://onnx.ai/onnx/operators/onnx__Cast.html
    """
    dtype = np.dtype(dtype)
    if x.dtype.kind in "UO":
        return x if dtype.kind == "O" else parse_numbers(x, dtype)
    return format_numbers(x) if dtype.kind == "O" else x.astype(dtype)


def cast_like(x: NDArray[Any], target_type: NDArray[Any]) -> NDArray[Any]:
    """Return ``x`` as the dtype of ``target_type``.

    Raises
    ------
    TypeError
        If that is not one of NumPy's own types: then it must be known beforehand.

    ONNX: https://onnx.ai/onnx/operators/onnx__CastLike.html
    """
    dtype = target_type.dtype
    if dtype.kind not in "biufcUO" or dtype.kind == "f" and dtype.itemsize == 1:
        raise TypeError(f"cast_like: expected a type of NumPy, got {dtype}")
    return cast(x, np.object_ if dtype.kind == "U" else dtype)


def format_numbers(x: NDArray[Any]) -> NDArray[Any]:
    """Return numbers as strings: ``0.1``, ``1e+10``, ``NaN``, ``-INF``, ``1`` for True.

    Fractions have at most 8 digits.

    ONNX: https://onnx.ai/onnx/operators/onnx__Cast.html
    """
    if x.dtype.kind in "biu":
        texts = [str(int(number)) for number in x.ravel().tolist()]
    else:
        numbers = x.astype(np.float64).ravel().tolist()
        texts = [f"{number:.8g}" for number in numbers]
        texts = [t.replace("nan", "NaN").replace("inf", "INF") for t in texts]
    y = np.empty(len(texts), np.object_)
    y[:] = texts
    return y.reshape(x.shape)


def parse_numbers(x: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """Return strings as numbers; integers end before the first that is no digit.

    ``nan`` and ``inf`` may be spelt in either case. A number is True if it is not 0.

    Raises
    ------
    ValueError
        If a string is not a number.

    ONNX: https://onnx.ai/onnx/operators/onnx__Cast.html
    """
    dtype = np.dtype(dtype)
    texts = x.ravel().tolist()
    if dtype.kind in "biu":
        wide = [parse_integer(text) % 2**64 for text in texts]
        return np.array(wide, np.uint64).astype(dtype).reshape(x.shape)
    return np.array([float(text) for text in texts]).astype(dtype).reshape(x.shape)


def parse_integer(text: str) -> int:
    """Return the integer at the beginning of a string, as C does.

    Raises
    ------
    ValueError
        If there is none.
    """
    found = re.match(r"\s*([+-]?[0-9]+)", text)
    if found is None:
        raise ValueError(f"cast: expected a string that is an integer, got {text!r}")
    return int(found.group(1))


def cast_saturated(x: NDArray[Any], dtype: Any, *, largest: float) -> NDArray[Any]:
    """Return ``x`` as ``dtype``, whose greatest number is ``largest``.

    What is beyond, infinity included, becomes the greatest or the smallest number.

    ONNX: https://onnx.ai/onnx/operators/onnx__Cast.html
    """
    wide = x.astype(np.float32)  # a copy
    np.maximum(wide, -largest, out=wide)
    np.minimum(wide, largest, out=wide)
    return wide.astype(dtype)


def cast_through_float32(x: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """Return ``x`` as ``dtype``, both of which ``ml_dtypes`` converts to float32 alone.

    ONNX: https://onnx.ai/onnx/operators/onnx__Cast.html
    """
    return x.astype(np.float32).astype(dtype)


def cast_rounded(x: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """Return ``x`` rounded to integers, halves away from zero, as ``dtype``.

    Bits that do not fit are dropped, as onnxruntime does for integers of 2 and 4 bits.

    ONNX: https://onnx.ai/onnx/operators/onnx__Cast.html
    """
    wide = x.astype(np.float32)
    half = np.copysign(np.float32(0.5), wide)
    return np.asarray(np.trunc(wide + half)).astype(np.int32).astype(dtype)


def cast_to_exponents(
    x: NDArray[Any], dtype: Any, *, saturate: bool = True, round_mode: str = "up"
) -> NDArray[Any]:
    """Return ``x`` as powers of two: ``dtype`` is of 8 bits, all of them exponent.

    ``round_mode`` is ``up``, ``down`` or ``nearest``, which rounds halves up. With
    ``saturate``, what is rounded beyond the greatest power remains that power.

    ONNX: https://onnx.ai/onnx/operators/onnx__Cast.html
    """
    bits = x.astype(np.float32).view(np.uint32)
    exponent = bits >> 23 & 0xFF
    fraction = bits & 0x7FFFFF
    if round_mode == "up":
        increment = fraction > 0
    elif round_mode == "nearest":
        increment = (fraction > 0x400000) | (fraction == 0x400000) & (exponent > 0)
    else:
        increment = np.zeros(x.shape, np.bool_)
    increment = increment & (exponent < (0xFE if saturate else 0xFF))
    return np.asarray(exponent + increment).astype(np.uint8).view(dtype)
