"""Indices of the largest or smallest element along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._precision import widened


def argmax(
    data: NDArray[Any],
    *,
    axis: int = 0,
    keepdims: bool = True,
    select_last_index: bool = False,
) -> NDArray[np.int64]:
    """Return the index of the largest element along ``axis``.

    Of equal elements the first counts, or the last if ``select_last_index``.

    Raises
    ------
    ValueError
        If there are no elements along ``axis``.

    ONNX: https://onnx.ai/onnx/operators/onnx__ArgMax.html
    """
    if data.ndim == 0:  # one element along any axis, as in onnxruntime
        return np.zeros((), np.int64)
    x = widened(data)
    if not select_last_index:
        return np.asarray(np.argmax(x, axis, keepdims=keepdims), np.int64)
    found = np.argmax(np.flip(x, axis), axis, keepdims=keepdims)
    return np.asarray(x.shape[axis] - 1 - found, np.int64)


def argmin(
    data: NDArray[Any],
    *,
    axis: int = 0,
    keepdims: bool = True,
    select_last_index: bool = False,
) -> NDArray[np.int64]:
    """Return the index of the smallest element along ``axis``.

    Of equal elements the first counts, or the last if ``select_last_index``.

    Raises
    ------
    ValueError
        If there are no elements along ``axis``.

    ONNX: https://onnx.ai/onnx/operators/onnx__ArgMin.html
    """
    if data.ndim == 0:  # one element along any axis, as in onnxruntime
        return np.zeros((), np.int64)
    x = widened(data)
    if not select_last_index:
        return np.asarray(np.argmin(x, axis, keepdims=keepdims), np.int64)
    found = np.argmin(np.flip(x, axis), axis, keepdims=keepdims)
    return np.asarray(x.shape[axis] - 1 - found, np.int64)
