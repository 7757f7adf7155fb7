"""Softmax, its logarithm, and hardmax."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._precision import widened


def softmax(input: NDArray[Any], *, axis: int = -1) -> NDArray[Any]:
    """Return ``exp(input)`` divided by its sum along ``axis``.

    ONNX: https://onnx.ai/onnx/operators/onnx__Softmax.html
    """
    if _has_short_rows(input, axis):
        columns = np.moveaxis(input, axis, 0).copy()
        return np.moveaxis(softmax(columns, axis=0), 0, axis)
    y = _below_highest(input, axis)
    np.exp(y, out=y)
    y /= np.add.reduce(y, axis, keepdims=True)
    return y.astype(input.dtype, copy=False)


def _has_short_rows(x: NDArray[Any], axis: int) -> bool:
    """Return whether there are many short rows: working on columns takes a fifth of the time."""
    many = x.size >= 2048 and 1 < x.shape[axis] <= 32
    return many and x.strides[axis] == x.itemsize


def _below_highest(x: NDArray[Any], axis: int) -> NDArray[Any]:
    """Return ``x`` minus its maximum, so that no exponential overflows."""
    wide = widened(x)
    if x.size == 0:
        return np.array(wide)  # there is no maximum
    return np.asarray(wide - np.maximum.reduce(wide, axis, keepdims=True))
