"""Exact matrix products of 8-bit integers, computed in floating point.

NumPy does not use BLAS for integers: its integer product is 100 times slower. Integers up
to 2**24 are exact in float32, up to 2**53 in float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ._blocks import BLOCK


def matmul_integer(
    a: NDArray[Any],
    b: NDArray[Any],
    a_zero_point: NDArray[Any] | None = None,
    b_zero_point: NDArray[Any] | None = None,
) -> NDArray[np.int32]:
    """Return ``(a - a_zero_point) @ (b - b_zero_point)``.

    Parameters
    ----------
    a : int8 or uint8, [D..., M, K]
    b : int8 or uint8, [D..., K, N]
    a_zero_point : one number, one for each row [M], or [D..., M, 1]; 0 by default
    b_zero_point : one number, one for each column [N], or [D..., 1, N]; 0 by default

    ONNX: https://onnx.ai/onnx/operators/onnx__MatMulInteger.html
    """
    if a_zero_point is not None:
        a_zero_point = as_column(a_zero_point)
    return _wrapped(
        matmul_integer_as_float(a, b, a_zero_point, b_zero_point), a.shape[-1]
    )


def matmul_integer_prepared(
    a: NDArray[Any], b: NDArray[Any], a_zero_point: NDArray[Any] | None = None
) -> NDArray[np.int32]:
    """Return ``(a - a_zero_point) @ b``, where ``b`` holds integers stored as floats.

    All sums must be exact in the dtype of ``b``.

    Parameters
    ----------
    a : int8 or uint8, [D..., M, K]
    b : float32 or float64, [D..., K, N] minus its zero point
    a_zero_point : one number, one for each row [M], or [D..., M, 1]; 0 by default

    ONNX: https://onnx.ai/onnx/operators/onnx__MatMulInteger.html
    """
    if a_zero_point is not None:
        a_zero_point = as_column(a_zero_point)
    return _wrapped(
        np.matmul(_less_zero_point(a, a_zero_point, b.dtype), b), a.shape[-1]
    )


def qlinear_matmul(
    a: NDArray[Any],
    a_scale: NDArray[Any],
    a_zero_point: NDArray[Any],
    b: NDArray[Any],
    b_scale: NDArray[Any],
    b_zero_point: NDArray[Any],
    y_scale: NDArray[Any],
    y_zero_point: NDArray[Any],
) -> NDArray[Any]:
    """Return the quantized product of two quantized matrices.

    An integer q represents ``(q - zero_point) * scale``. Results are rounded half to even
    and have the dtype of ``y_zero_point``.

    Parameters
    ----------
    a : [D..., M, K]
    b : [D..., K, N]
    a_scale, a_zero_point : one number, one for each row [M], or [D..., M, 1]
    b_scale, b_zero_point : one number, one for each column [N], or [D..., 1, N]
    y_scale, y_zero_point : one number, one for each row [M], or [D..., M, 1]

    ONNX: https://onnx.ai/onnx/operators/onnx__QLinearMatMul.html
    """
    y = matmul_integer_as_float(a, b, as_column(a_zero_point), b_zero_point)
    scale: NDArray[Any] = as_column(a_scale).astype(np.float32) * b_scale
    scale = (scale / as_column(y_scale)).astype(np.float32, copy=False)
    return requantize(y.astype(np.float32, copy=False), scale, as_column(y_zero_point))


def requantize(
    y: NDArray[Any], scale: NDArray[Any], zero_point: NDArray[Any]
) -> NDArray[Any]:
    """Return ``y * scale + zero_point``, rounded and clipped to the zero point's dtype.

    ``y`` is overwritten.
    """
    limits = np.iinfo(zero_point.dtype)
    y = y.astype(np.float32, copy=False)
    y *= scale
    np.rint(y, out=y)
    y += zero_point
    y.clip(np.float32(limits.min), np.float32(limits.max), out=y)
    return y.astype(zero_point.dtype)


def requantize_in_blocks(
    y: NDArray[Any], scale: NDArray[Any], zero_point: NDArray[Any]
) -> NDArray[Any]:
    """Return ``requantize(y, scale, zero_point)``, a few rows of an image at a time.

    ``y`` is overwritten. The result has its order of axes in memory.
    """
    if y.ndim != 4 or y.size <= BLOCK:
        return requantize(y, scale, zero_point)
    result = np.empty_like(y, zero_point.dtype)
    rows = y.shape[2]
    step = max(1, rows * BLOCK // y.size)
    for start in range(0, rows, step):
        part = slice(start, start + step)
        result[:, :, part] = requantize(y[:, :, part], scale, zero_point)
    return result


def requantize_centered(
    y: NDArray[Any],
    scale: NDArray[Any],
    zero_point: NDArray[Any],
    *,
    dtype: DTypeLike = np.float32,
) -> NDArray[Any]:
    """Return ``requantize(y, scale, zero_point) - zero_point``, integers stored as floats.

    ``y`` is overwritten, a few rows of an image at a time so that they stay in the cache.
    """
    limits, zero = np.iinfo(zero_point.dtype), int(zero_point.item())
    low, high = np.float32(limits.min - zero), np.float32(limits.max - zero)
    y = y.astype(np.float32, copy=False)
    rows = y.shape[2] if y.ndim == 4 else 1
    step = max(1, rows * BLOCK // max(y.size, 1))
    for start in range(0, rows, step):
        part = y[:, :, start : start + step] if y.ndim == 4 else y
        part *= scale
        np.rint(part, out=part)
        part.clip(low, high, out=part)
    return y.astype(dtype, copy=False)


def matmul_integer_as_float(
    a: NDArray[Any],
    b: NDArray[Any],
    a_zero_point: NDArray[Any] | None,
    b_zero_point: NDArray[Any] | None,
) -> NDArray[Any]:
    """Return ``(a - a_zero_point) @ (b - b_zero_point)``, integers stored as floats."""
    # Products are below 2**16, so sums of 256 stay below 2**24.
    dtype = np.dtype(np.float32 if a.shape[-1] <= 256 else np.float64)
    return np.asarray(
        np.matmul(
            _less_zero_point(a, a_zero_point, dtype),
            _less_zero_point(b, b_zero_point, dtype),
        )
    )


def as_column(x: NDArray[Any]) -> NDArray[Any]:
    """Reshape one number per row, [M], to a column [M, 1]."""
    return x[:, None] if x.ndim == 1 and x.size > 1 else x


def _wrapped(y: Any, terms: int) -> NDArray[np.int32]:
    """Convert sums of ``count`` products of 8-bit integers to int32."""
    if terms >= 2**15:  # they may exceed int32 and wrap around
        y = y.astype(np.int64)
    return np.asarray(y).astype(np.int32)


def _less_zero_point(
    x: NDArray[Any], zero_point: NDArray[Any] | None, dtype: np.dtype[Any]
) -> NDArray[Any]:
    """Return ``x - zero_point`` as floats."""
    if zero_point is None:
        return x.astype(dtype)
    return np.asarray(np.subtract(x, zero_point, dtype=dtype))
