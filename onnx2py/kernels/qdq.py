"""Operators between 8-bit integers: DequantizeLinear, the operator and QuantizeLinear in one call.

An integer stands for ``scale * (integer - zero_point)``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ._qdq import real_numbers, whole_numbers
from .matmul import gemm, linear


def qdq_gemm(
    a: NDArray[Any],
    weight: NDArray[np.float32],
    bias: NDArray[np.float32] | None,
    a_scale: float,
    a_zero_point: int,
    weight_scale: NDArray[np.float32],
    y_scale: float,
    y_zero_point: int = 0,
    *,
    dtype: DTypeLike = np.uint8,
    limits: tuple[int, int] | None = None,
    trans_b: bool = False,
) -> NDArray[Any]:
    """Return the quantized ``A @ weight + bias``, A being what ``a`` stands for.

    Parameters
    ----------
    a : int8[M, K] or uint8[M, K]
    weight : float32[K, N], or float32[N, K] if ``trans_b``
        Multiples of ``weight_scale``.
    bias : float32, broadcastable to [M, N], optional
    weight_scale : float32[] or float32[N]
    dtype : int8 or uint8, that of the result
    limits : the lowest and the greatest result; those of ``dtype`` by default

    Returns
    -------
    y : int8[M, N] or uint8[M, N]
        Rounded half to even and saturated.

    ONNX: https://onnx.ai/onnx/operators/onnx__Gemm.html
    """
    y = gemm(real_numbers(a, a_scale, a_zero_point), weight, bias, trans_b=trans_b)
    return whole_numbers(y, y_scale, y_zero_point, dtype, limits)


def qdq_matmul(
    a: NDArray[Any],
    weight: NDArray[np.float32],
    bias: NDArray[np.float32] | None,
    a_scale: float,
    a_zero_point: int,
    weight_scale: NDArray[np.float32],
    y_scale: float,
    y_zero_point: int = 0,
    *,
    dtype: DTypeLike = np.uint8,
    limits: tuple[int, int] | None = None,
) -> NDArray[Any]:
    """Return the quantized ``A @ weight + bias``, A being what ``a`` stands for.

    Parameters
    ----------
    a : int8[D..., K] or uint8[D..., K]
    weight : float32[K, N]
        Multiples of ``weight_scale``.
    bias : float32[N], or with axes of length 1 before, optional
    weight_scale : float32[] or float32[N]
    dtype : int8 or uint8, that of the result
    limits : the lowest and the greatest result; those of ``dtype`` by default

    Returns
    -------
    y : int8[D..., N] or uint8[D..., N]
        Rounded half to even and saturated.

    ONNX: https://onnx.ai/onnx/operators/onnx__MatMul.html
    """
    real = real_numbers(a, a_scale, a_zero_point)
    y = np.matmul(real, weight) if bias is None else linear(real, weight, bias)
    return whole_numbers(y, y_scale, y_zero_point, dtype, limits)


def qdq_add(
    a: NDArray[Any],
    b: NDArray[Any],
    a_scale: float,
    a_zero_point: int,
    b_scale: float,
    b_zero_point: int,
    y_scale: float,
    y_zero_point: int = 0,
    *,
    dtype: DTypeLike = np.uint8,
) -> NDArray[Any]:
    """Return the quantized sum of what ``a`` and ``b`` stand for.

    Parameters
    ----------
    a, b : int8 or uint8, broadcastable to each other
    dtype : int8 or uint8, that of the result

    Returns
    -------
    y : int8[...] or uint8[...]
        Rounded half to even and saturated.

    ONNX: https://onnx.ai/onnx/operators/onnx__Add.html
    """
    left = real_numbers(a, a_scale, a_zero_point)
    total = left + real_numbers(b, b_scale, b_zero_point)
    return whole_numbers(total, y_scale, y_zero_point, dtype)
