"""Rows of weights quantized in blocks."""

from __future__ import annotations

import torch
from torch import Tensor

from .indexing import gather
from .matmul_nbits import unpacked_bits
from .quantization import broadcast_parameter


def gather_block_quantized(
    data: Tensor,
    indices: Tensor,
    scales: Tensor,
    zero_points: Tensor | None = None,
    *,
    bits: int = 4,
    block_size: int = 128,
    gather_axis: int = 0,
    quantize_axis: int = 1,
) -> Tensor:
    """Gather and dequantize slices; the slice of an index beyond the end is zero.

    Parameters
    ----------
    data : floats of 8 bits [...], or uint8 [...], where each byte holds 8 / bits numbers
        along the last axis, the first in its lowest bits
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
    """
    axis, along = gather_axis % data.ndim, quantize_axis % data.ndim
    size = data.shape[axis]
    places = torch.where(indices < 0, indices + size, indices)
    if axis == along == data.ndim - 1:  # several numbers may share a byte
        real = _dequantized(data, scales, zero_points, along, bits, block_size)
        y = _clipped(real, places, axis)
    else:
        block = 1
        if axis == along:
            block, block_size = block_size or max(size, 1), 1
        elif along > axis:
            along += indices.ndim - 1
        y = _dequantized(
            _clipped(data, places, axis),
            _clipped(scales, places // block, axis),
            (
                None
                if zero_points is None
                else _clipped(zero_points, places // block, axis)
            ),
            *(along, bits, block_size),
        )
    valid = (places >= 0) & (places < size)
    valid = valid.reshape((*places.shape, *(1,) * (data.ndim - 1 - axis)))
    return torch.where(valid, y, 0).to(scales.dtype)


def _clipped(x: Tensor, places: Tensor, axis: int) -> Tensor:
    """Gather slices, the outermost ones for indices outside the axis."""
    return gather(x, places.clamp(0, x.shape[axis] - 1), axis=axis)


def _dequantized(
    data: Tensor,
    scales: Tensor,
    zero_points: Tensor | None,
    axis: int,
    bits: int,
    block_size: int,
) -> Tensor:
    """Return ``(data - zero point) * scale`` as float32, with blocks along ``axis``."""
    packed = data.dtype == torch.uint8
    if packed:
        data = unpacked_bits(data, bits)
        if zero_points is not None:
            zero_points = unpacked_bits(zero_points, bits)[..., : scales.shape[-1]]
    block_size = block_size or max(data.shape[axis], 1)
    y = data.float()
    if zero_points is not None:
        y = y - broadcast_parameter(zero_points.float(), data.shape, axis, block_size)
    elif packed:
        y = y - (1 << (bits - 1))
    return y * broadcast_parameter(scales.float(), data.shape, axis, block_size)
