"""Products with, and rows of, weights of few bits that are quantized in blocks."""

from __future__ import annotations

from math import prod
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from ._precision import widened
from .quantization import spread_parameter


def matmul_nbits(
    a: NDArray[Any],
    b: NDArray[Any],
    scales: NDArray[Any],
    zero_points: Optional[NDArray[Any]] = None,
    g_idx: Optional[NDArray[Any]] = None,
    bias: Optional[NDArray[Any]] = None,
    *,
    n: int,
    k: int,
    bits: int = 4,
    block_size: int,
    int8_blocks: bool = False,
) -> NDArray[Any]:
    """Return ``a @ w.T + bias``, where ``w`` [n, k] is packed into few bits a number.

    Each row of ``w`` is cut into blocks: ceil(k / block_size) of them.

    Parameters
    ----------
    a : [D..., k]
    b : uint8[n, blocks, block_size * bits / 8]
        The first number of a byte is in its lowest bits. If empty, ``w`` is zero.
    scales : [n, blocks]
    zero_points : uint8[n, ceil(blocks * bits / 8)], packed like ``b``, or floats
        [n, blocks]; 2 ** (bits - 1) by default
    g_idx : the block of each of the k columns; by default, blocks are in their order
    bias : [n], optional
    int8_blocks : whether to round the blocks of ``a`` to 8 bits first

    Returns
    -------
    y : [D..., n]
        Of the dtype of ``a``.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
    """
    rows = widened(a).reshape(prod(a.shape[:-1]), k)
    if not b.size:
        y = np.zeros((len(rows), n), rows.dtype)
    else:
        scales = widened(scales).reshape(n, -1)
        weights = unpacked(b.reshape(n, -1), bits).astype(np.float32)[:, :k]
        zeros = _zero_points(zero_points, bits, scales.shape)
        block = np.arange(k) // block_size if g_idx is None else g_idx
        weights -= zeros[:, block]
        weights *= scales[:, block]
        if int8_blocks:
            rows = rounded_in_blocks(rows, block_size)
        y = np.matmul(rows, weights.T)
    if bias is not None:
        y += bias
    return y.reshape(*a.shape[:-1], n).astype(a.dtype, copy=False)


def _zero_points(
    zero_points: Optional[NDArray[Any]], bits: int, shape: tuple[int, ...]
) -> NDArray[Any]:
    """Return the zero point of each block."""
    if zero_points is None:
        return np.full(shape, 1 << (bits - 1), np.float32)
    zeros = zero_points.reshape(shape[0], -1)
    if zeros.dtype == np.uint8:
        zeros = unpacked(zeros, bits)[:, : shape[1]]
    return zeros.astype(np.float32)


def unpacked(packed: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    """Return the numbers in bytes, lowest bits first: [..., B] -> [..., B * 8 / bits]."""
    if bits == 8:
        return packed
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    numbers = (packed[..., None] >> shifts) & np.uint8((1 << bits) - 1)
    return numbers.reshape(*packed.shape[:-1], packed.shape[-1] * len(shifts))


def rounded_in_blocks(x: NDArray[Any], block_size: int) -> NDArray[Any]:
    """Round each block of the last axis to 255 steps, from -max(|x|) to max(|x|)."""
    rows, size = x.shape
    blocks = -(-size // block_size)
    padded = np.zeros((rows, blocks * block_size), x.dtype)
    padded[:, :size] = x
    padded = padded.reshape(rows, blocks, block_size)
    scale = np.abs(padded).max(axis=2, keepdims=True) / x.dtype.type(127)
    steps = np.rint(padded / np.where(scale == 0, x.dtype.type(1), scale))
    rounded = np.asarray(steps * scale)
    return rounded.reshape(rows, blocks * block_size)[:, :size]


_FP4 = (0.0, 1 / 192, 2 / 3, 1.0, 1 / 3, 1 / 2, 1 / 6, 1 / 4)
_NF4 = (
    *(-1.0, -0.6961928, -0.52507305, -0.3949175, -0.28444138, -0.18477343),
    *(-0.091050036, 0.0, 0.0795803, 0.1609302, 0.2461123, 0.33791524, 0.44070983),
    *(0.562617, 0.72295684, 1.0),
)
"""What each four bits stand for: FP4 has a sign and three bits, NF4 normal quantiles."""


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
    """Return ``a @ w.T`` (``a @ w`` without ``trans_b``), ``w`` [n, k] being of 4 bits.

    Parameters
    ----------
    a : [D..., k], or [D..., n] without ``trans_b``
    b : uint8[ceil(n * k / 2)]
        The first number of a byte is in its highest bits.
    absmax : [ceil(n * k / block_size)]
        By what to multiply the numbers of each block.
    quant_type : 0 for FP4, 1 for NF4

    Returns
    -------
    y : [D..., n], or [D..., k]

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
    """
    table = np.array(_NF4 if quant_type else _FP4 + tuple(-v for v in _FP4), np.float32)
    codes = np.stack((b >> np.uint8(4), b & np.uint8(15)), axis=-1).reshape(-1)
    flat = table[codes[: n * k]] * np.repeat(widened(absmax), block_size)[: n * k]
    weights = flat.reshape(n, k)
    y = np.matmul(widened(a), weights.T if trans_b else weights)
    return np.asarray(y).astype(a.dtype, copy=False)


def gather_block_quantized(
    data: NDArray[Any],
    indices: NDArray[Any],
    scales: NDArray[Any],
    zero_points: Optional[NDArray[Any]] = None,
    *,
    bits: int = 4,
    block_size: int = 128,
    gather_axis: int = 0,
    quantize_axis: int = 1,
) -> NDArray[Any]:
    """Take slices of quantized numbers; slices of indices beyond the end are zero.

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

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
    """
    axis, along = gather_axis % data.ndim, quantize_axis % data.ndim
    size = data.shape[axis]
    if axis == along:  # blocks are found before slices are chosen
        real = _dequantized(data, scales, zero_points, along, bits, block_size)
        parts = [real]
    else:
        parts = [data, scales] + ([] if zero_points is None else [zero_points])
    places = np.where(indices < 0, indices + size, indices)
    taken = [np.take(part, places, axis, mode="clip") for part in parts]
    if axis == along:
        y = taken[0]
    else:
        along += indices.ndim - 1 if along > axis else 0
        zeros = taken[2] if len(taken) > 2 else None
        y = _dequantized(taken[0], taken[1], zeros, along, bits, block_size)
    valid = (places >= 0) & (places < size)
    if not valid.all():
        y = y * valid.reshape(valid.shape + (1,) * (data.ndim - 1 - axis))
    return np.asarray(y, scales.dtype)


def _dequantized(
    data: NDArray[Any],
    scales: NDArray[Any],
    zero_points: Optional[NDArray[Any]],
    axis: int,
    bits: int,
    block_size: int,
) -> NDArray[Any]:
    """Return ``(data - zero point) * scale`` as float32, ``axis`` being in blocks."""
    if data.dtype == np.uint8:
        data = unpacked(data, bits)
        if zero_points is not None:
            zero_points = unpacked(zero_points, bits)[..., : scales.shape[-1]]
    block_size = block_size or max(data.shape[axis], 1)
    y = data.astype(np.float32)
    if zero_points is not None:
        zeros = zero_points.astype(np.float32)
        y -= spread_parameter(zeros, data.shape, axis, block_size)
    elif data.dtype == np.uint8:
        y -= np.float32(1 << (bits - 1))
    y *= spread_parameter(scales.astype(np.float32), data.shape, axis, block_size)
    return y
