"""Products with weights of 4-bit floats, quantized in blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._precision import widened

_FP4 = (0.0, 1 / 192, 2 / 3, 1.0, 1 / 3, 1 / 2, 1 / 6, 1 / 4)
_NF4 = (
    *(-1.0, -0.6961928, -0.52507305, -0.3949175, -0.28444138, -0.18477343),
    *(-0.091050036, 0.0, 0.0795803, 0.1609302, 0.2461123, 0.33791524, 0.44070983),
    *(0.562617, 0.72295684, 1.0),
)
"""Values of the 4-bit codes: FP4 has a sign and three bits, NF4 normal quantiles."""


def matmul_bnb4(
    a: NDArray[Any],
    b: NDArray[Any],
    absmax: NDArray[Any],
    *,
    n: int,
    k: int,
    block_size: int,
    quant_type: int,
    trans_b: bool = True,
) -> NDArray[Any]:
    """Return ``a @ w.T`` (``a @ w`` without ``trans_b``), ``w`` [n, k] having 4 bits.

    Parameters
    ----------
    a : [D..., k], or [D..., n] without ``trans_b``
    b : uint8[ceil(n * k / 2)]
        The first number of a byte is in its highest bits.
    absmax : [ceil(n * k / block_size)]
        Factor of the numbers of each block.
    quant_type : 0 for FP4, 1 for NF4

    Returns
    -------
    y : [D..., n], or [D..., k]

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MatMulBnb4
    """
    weights = _unpacked(b, absmax, n * k, block_size, quant_type).reshape(n, k)
    y = np.matmul(widened(a), weights.T if trans_b else weights)
    return np.asarray(y).astype(a.dtype, copy=False)


def unpack_bnb4(
    b: NDArray[np.uint8],
    absmax: NDArray[Any],
    *,
    n: int,
    k: int,
    block_size: int,
    quant_type: int,
    trans_b: bool = True,
) -> NDArray[np.float32]:
    """Dequantize 4-bit weights to a matrix: [k, n], or [n, k] without ``trans_b``.

    Parameters
    ----------
    b : uint8[ceil(n * k / 2)], the rows of [n, k] one after another
        The first number of a byte is in its highest bits.
    absmax : [ceil(n * k / block_size)]
        Factor of the numbers of each block.
    block_size : numbers that share an element of ``absmax``
    quant_type : 0 for FP4, 1 for NF4
    trans_b : whether to transpose

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MatMulBnb4
    """
    weights = _unpacked(b, absmax, n * k, block_size, quant_type).reshape(n, k)
    return np.ascontiguousarray(weights.T if trans_b else weights)


def _unpacked(
    b: NDArray[np.uint8],
    absmax: NDArray[Any],
    size: int,
    block_size: int,
    quant_type: int,
) -> NDArray[np.float32]:
    """Return the first ``size`` numbers, two from each byte."""
    table = np.array(_NF4 if quant_type else _FP4 + tuple(-v for v in _FP4), np.float32)
    # The two values of a byte are copied as one 64-bit number.
    pairs = np.stack((np.repeat(table, 16), np.tile(table, 16)), axis=-1)
    numbers = np.take(pairs.view(np.int64), b.reshape(-1)).view(np.float32)[:size]
    scales = widened(absmax).reshape(-1)
    blocks = size // block_size
    whole = numbers[: blocks * block_size].reshape(blocks, block_size)
    whole *= scales[:blocks, None]
    numbers[blocks * block_size :] *= scales[blocks : blocks + 1]
    return numbers
