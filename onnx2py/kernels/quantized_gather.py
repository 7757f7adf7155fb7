"""Rows of weights quantized in blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .matmul_nbits import unpack_bits
from .quantization import broadcast_parameter


def gather_block_quantized(
    data: NDArray[Any],
    indices: NDArray[Any],
    scales: NDArray[Any],
    zero_points: NDArray[Any] | None = None,
    *,
    bits: int = 4,
    block_size: int = 128,
    gather_axis: int = 0,
    quantize_axis: int = 1,
) -> NDArray[Any]:
    """Gather and dequantize slices; the slice of an index beyond the end is zero.

    Parameters
    ----------
    data : integers of 4 bits or floats of 4 or 8 [...], or uint8 [...], where each byte
        holds 8 / bits numbers along the last axis, the first in its lowest bits
    indices : [I...], from -s to s - 1 for an axis of length s
    scales : of the rank of ``data``, one for ``block_size`` numbers of ``quantize_axis``
    zero_points : like ``scales``, but packed like ``data``; by default
        2 ** (bits - 1) for uint8, else 0
    block_size : 0 for the whole axis

    Returns
    -------
    y : [..., I..., ...], of the dtype of ``scales``

    Raises
    ------
    ValueError
        If a scale or zero point with several numbers has neither one axis nor those of ``x``.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.GatherBlockQuantized
    """
    axis, along = gather_axis % data.ndim, quantize_axis % data.ndim
    size = data.shape[axis]
    places = np.where(indices < 0, indices + size, indices)
    if axis == along == data.ndim - 1:  # several numbers may share a byte
        real = _dequantized(data, scales, zero_points, along, bits, block_size)
        y = np.take(real, places, axis, mode="clip")
    else:
        block = 1
        if axis == along:
            block, block_size = block_size or max(size, 1), 1
        elif along > axis:
            along += indices.ndim - 1
        y = _dequantized(
            np.take(data, places, axis, mode="clip"),
            np.take(scales, places // block, axis, mode="clip"),
            (
                zero_points
                if zero_points is None
                else np.take(zero_points, places // block, axis, mode="clip")
            ),
            *(along, bits, block_size),
        )
    valid = (places >= 0) & (places < size)
    if not valid.all():
        y = y * valid.reshape(valid.shape + (1,) * (data.ndim - 1 - axis))
    return np.asarray(y, scales.dtype)


def _dequantized(
    data: NDArray[Any],
    scales: NDArray[Any],
    zero_points: NDArray[Any] | None,
    axis: int,
    bits: int,
    block_size: int,
) -> NDArray[Any]:
    """Return ``(data - zero point) * scale`` as float32, with blocks along ``axis``."""
    if data.dtype == np.uint8:
        data = unpack_bits(data, bits)
        if zero_points is not None:
            zero_points = unpack_bits(zero_points, bits)[..., : scales.shape[-1]]
    block_size = block_size or max(data.shape[axis], 1)
    y = data.astype(np.float32)
    if zero_points is not None:
        zeros = zero_points.astype(np.float32)
        y -= broadcast_parameter(zeros, data.shape, axis, block_size)
    elif data.dtype == np.uint8:
        y -= np.float32(1 << (bits - 1))
    y *= broadcast_parameter(scales.astype(np.float32), data.shape, axis, block_size)
    return y
