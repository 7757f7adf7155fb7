"""Conversion of element types."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray


def cast(x: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """Convert ``x``, whose dtype is known only at run time, to ``dtype``.

    Raises
    ------
    ValueError
        If a string is not a number.

    ONNX: https://onnx.ai/onnx/operators/onnx__Cast.html
    """
    dtype = np.dtype(dtype)
    if x.dtype.kind in "UO":
        return x if dtype.kind == "O" else cast_from_strings(x, dtype)
    return cast_to_strings(x) if dtype.kind == "O" else x.astype(dtype)


def cast_like(x: NDArray[Any], target_type: NDArray[Any]) -> NDArray[Any]:
    """Convert ``x`` to the dtype of ``target_type``.

    Raises
    ------
    TypeError
        If that is not one of NumPy's own dtypes; others must be known at compile time.
    ValueError
        If a string is not a number.

    ONNX: https://onnx.ai/onnx/operators/onnx__CastLike.html
    """
    dtype = target_type.dtype
    if dtype.kind not in "biufcUO" or dtype.kind == "f" and dtype.itemsize == 1:
        raise TypeError(f"cast_like: expected a type of NumPy, got {dtype}")
    return cast(x, np.object_ if dtype.kind == "U" else dtype)


def cast_to_strings(x: NDArray[Any]) -> NDArray[Any]:
    """Convert numbers to strings: ``0.1``, ``1e+10``, ``NaN``, ``-INF``, ``1`` for True.

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


def cast_from_strings(x: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """Convert strings to numbers; an integer ends before the first character that is no digit.

    The case of ``nan`` and ``inf`` is ignored. A number is True if it is not 0.

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


def cast_from_strings_narrow(
    x: NDArray[Any],
    dtype: Any,
    *,
    largest: float | None = None,
    saturate: bool = True,
    round_mode: str = "up",
) -> NDArray[Any]:
    """Convert strings to a dtype of ``ml_dtypes``, by way of float32.

    ``largest`` is the number at which to saturate, None not to saturate; the last two
    parameters apply to the dtype that consists of an exponent only.

    Raises
    ------
    ValueError
        If a string is not a number.

    ONNX: https://onnx.ai/onnx/operators/onnx__Cast.html
    """
    wide = cast_from_strings(x, np.float32)
    name = np.dtype(dtype).name
    if name == "float8_e8m0fnu":
        return cast_to_exponents(wide, dtype, saturate=saturate, round_mode=round_mode)
    if largest is not None:
        return cast_saturated(wide, dtype, largest=largest)
    return wide.astype(dtype) if "float" in name else cast_rounded(wide, dtype)


def parse_integer(text: str) -> int:
    """Parse the integer at the beginning of a string, as C does.

    Raises
    ------
    ValueError
        If the string does not begin with an integer.
    """
    found = re.match(r"\s*([+-]?[0-9]+)", text)
    if found is None:
        raise ValueError(f"cast: expected a string that is an integer, got {text!r}")
    return int(found.group(1))


def cast_saturated(x: NDArray[Any], dtype: Any, *, largest: float) -> NDArray[Any]:
    """Convert ``x`` to ``dtype`` with saturation at ``largest``, its largest number.

    Numbers out of range, including infinity, become the largest or smallest number.

    ONNX: https://onnx.ai/onnx/operators/onnx__Cast.html
    """
    wide = x.astype(np.float32)  # a copy
    np.maximum(wide, -largest, out=wide)
    np.minimum(wide, largest, out=wide)
    return wide.astype(dtype)


def cast_through_float32(x: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """Convert ``x`` to ``dtype`` by way of float32, as ``ml_dtypes`` requires for both.

    ONNX: https://onnx.ai/onnx/operators/onnx__Cast.html
    """
    return x.astype(np.float32).astype(dtype)


def cast_rounded(x: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """Round ``x`` to integers, halves away from zero, and convert it to ``dtype``.

    Bits that do not fit are dropped, as onnxruntime does for 2-bit and 4-bit integers.

    ONNX: https://onnx.ai/onnx/operators/onnx__Cast.html
    """
    wide = x.astype(np.float32)
    half = np.copysign(np.float32(0.5), wide)
    return np.asarray(np.trunc(wide + half)).astype(np.int32).astype(dtype)


def cast_to_exponents(
    x: NDArray[Any], dtype: Any, *, saturate: bool = True, round_mode: str = "up"
) -> NDArray[Any]:
    """Convert ``x`` to powers of two: ``dtype`` has 8 bits, all of them exponent.

    ``round_mode`` is ``up``, ``down`` or ``nearest``, which rounds halves up. Numbers
    outside 2 ** -127 ... 2 ** 127 become the nearest power with ``saturate``, else NaN.

    ONNX: https://onnx.ai/onnx/operators/onnx__Cast.html
    """
    wide = np.asarray(x.astype(np.float32))
    bits = wide.view(np.uint32)
    exponent = bits >> 23 & 0xFF
    # Below 2 ** -126 the first bit of the fraction takes the place of the exponent.
    rest = np.where(exponent > 0, bits & 0x7FFFFF, (bits & 0x3FFFFF) << 1)
    least = {"up": 1, "nearest": 0x400000, "down": 0x800000}[round_mode]
    y = exponent + (rest >= least)
    y = np.where(wide < 2.0**-127, 0 if saturate else 255, y)
    y = np.where(wide > 2.0**127, 254 if saturate else 255, y)
    return np.where(np.isnan(wide), 255, y).astype(np.uint8).view(dtype)
