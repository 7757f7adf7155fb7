"""Rows of weights quantized in blocks."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from .matmul_nbits import unpacked_bits
from .quantization import as_float, broadcast_parameter


def gather_block_quantized(
    data: Array,
    indices: Array,
    scales: Array,
    zero_points: Array | None = None,
    *,
    bits: int = 4,
    block_size: int = 128,
    gather_axis: int = 0,
    quantize_axis: int = 1,
) -> Array:
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
    """
    axis, along = gather_axis % data.ndim, quantize_axis % data.ndim
    size = data.shape[axis]
    places = jnp.where(indices < 0, indices + size, indices)
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
    valid = valid.reshape(*valid.shape, *(1,) * (data.ndim - 1 - axis))
    return jnp.where(valid, y, 0).astype(scales.dtype)


def _clipped(x: Array, places: Array, axis: int) -> Array:
    """Gather slices, the outermost ones for indices outside the axis."""
    return jnp.take(x, places, axis, mode="clip")


def _dequantized(
    data: Array,
    scales: Array,
    zero_points: Array | None,
    axis: int,
    bits: int,
    block_size: int,
) -> Array:
    """Return ``(data - zero point) * scale`` as float32, with blocks along ``axis``."""
    packed = data.dtype == jnp.uint8
    if packed:
        data = unpacked_bits(data, bits)
        if zero_points is not None:
            zero_points = unpacked_bits(zero_points, bits)[..., : scales.shape[-1]]
    block_size = block_size or max(data.shape[axis], 1)
    y = as_float(data)
    if zero_points is not None:
        zeros = as_float(zero_points)
        y = y - broadcast_parameter(zeros, data.shape, axis, block_size)
    elif packed:
        y = y - (1 << (bits - 1))
    return y * broadcast_parameter(as_float(scales), data.shape, axis, block_size)
