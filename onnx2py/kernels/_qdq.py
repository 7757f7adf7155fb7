"""Floats of 8-bit integers, and 8-bit integers of floats, a block at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ._blocks import blocks
from .quantization import dequantize_linear, replace_nan


def real_numbers(x: NDArray[Any], scale: float, zero_point: int) -> NDArray[Any]:
    """Return ``(x - zero_point) * scale``, the floats that 8-bit integers stand for.

    Parameters
    ----------
    x : int8[...] or uint8[...]

    Returns
    -------
    y : float32[...]
    """
    if not x.ndim:
        return dequantize_linear(x, scale, zero_point)
    step, zero = np.float32(scale), np.float32(zero_point)
    y = np.empty_like(x, np.float32)
    for a, out in blocks(x, y):
        np.copyto(out, a)
        if zero_point:
            out -= zero
        out *= step
    return y


def whole_numbers(
    y: NDArray[np.float32],
    scale: float,
    zero_point: int,
    dtype: DTypeLike,
    limits: tuple[int, int] | None = None,
) -> NDArray[Any]:
    """Return ``y / scale + zero_point``, rounded half to even and saturated.

    NaN becomes the smallest number of ``dtype``.

    ``y`` is overwritten, if it has axes.

    Parameters
    ----------
    y : float32[...]
    dtype : int8 or uint8
    limits : the lowest and the greatest result; those of ``dtype`` by default

    Returns
    -------
    integers : of this dtype [...]
    """
    whole, step = np.iinfo(np.dtype(dtype)), np.float32(scale)
    least, most = limits or (whole.min, whole.max)
    lowest, low, high, zero = map(np.float32, (whole.min, least, most, zero_point))
    y = np.asarray(y)
    result = np.empty_like(y, dtype)
    for part, out in blocks(y, result):
        np.divide(part, step, out=part)
        np.rint(part, out=part)
        if zero_point:
            part += zero
        part.clip(low, high, out=part)
        replace_nan(part, lowest)
        np.copyto(out, part, casting="unsafe")
    return result
