"""Products with weights quantized to few bits in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ._blocks import BLOCK
from ._precision import widened

_FEWEST_ROWS = (
    32  # of weights that are unpacked together: with fewer, products are slow
)


def matmul_nbits(
    a: NDArray[Any],
    b: NDArray[Any],
    scales: NDArray[Any],
    zero_points: NDArray[Any] | None = None,
    g_idx: NDArray[Any] | None = None,
    bias: NDArray[Any] | None = None,
    *,
    n: int,
    k: int,
    bits: int = 4,
    block_size: int,
    int8_blocks: bool = False,
) -> NDArray[Any]:
    """Return ``a @ w.T + bias``, where ``w`` [n, k] has ``bits`` bits per number.

    Each row of ``w`` consists of ceil(k / block_size) blocks.

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
    int8_blocks : whether to quantize the blocks of ``a`` to 8 bits first

    Returns
    -------
    y : [D..., n]
        Of the dtype of ``a``.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MatMulNBits
    """
    rows = widened(a).reshape(prod(a.shape[:-1]), k)
    if int8_blocks:
        rows = round_in_blocks(rows, block_size)
    y = np.zeros((len(rows), n), rows.dtype)
    weights = (b, scales, zero_points, g_idx)
    for part, w in _rows_unpacked(*weights, k=k, bits=bits, block_size=block_size):
        np.matmul(rows, w.T, out=y[:, part])
    if bias is not None:
        y += bias
    return y.reshape(*a.shape[:-1], n).astype(a.dtype, copy=False)


def unpack_nbits(
    b: NDArray[np.uint8],
    scales: NDArray[Any],
    zero_points: NDArray[Any] | None = None,
    g_idx: NDArray[Any] | None = None,
    *,
    k: int,
    bits: int = 4,
    block_size: int,
) -> NDArray[np.float32]:
    """Dequantize and transpose weights of ``bits`` bits per number: [n, k] -> [k, n].

    Parameters
    ----------
    b : uint8[n, blocks, block_size * bits / 8]
        The first number of a byte is in its lowest bits. If empty, the result is zero.
    scales : [n, blocks]
    zero_points : uint8[n, ceil(blocks * bits / 8)], packed like ``b``, or floats
        [n, blocks]; 2 ** (bits - 1) by default
    g_idx : the block of each of the k columns; by default, blocks are in their order
    bits : bits per number
    block_size : numbers of a row that share a scale; there are ceil(k / block_size) blocks

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MatMulNBits
    """
    columns = np.zeros((k, len(b)), np.float32)
    weights = (b, scales, zero_points, g_idx)
    for part, w in _rows_unpacked(*weights, k=k, bits=bits, block_size=block_size):
        columns[:, part] = w.T
    return columns


def _rows_unpacked(
    b: NDArray[np.uint8],
    scales: NDArray[Any],
    zero_points: NDArray[Any] | None,
    g_idx: NDArray[Any] | None,
    *,
    k: int,
    bits: int,
    block_size: int,
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Yield the rows of weights [..., k] a few at a time, each with its slice."""
    if not b.size:
        return
    n = len(b)
    scales = widened(scales).reshape(n, -1)
    zeros = _zero_points(zero_points, bits, scales.shape)
    step = max(_FEWEST_ROWS, 4 * BLOCK // max(k, 1))
    for start in range(0, n, step):
        part = slice(start, start + step)
        numbers = unpack_bits(b[part].reshape(len(b[part]), -1), bits, np.float32)
        if g_idx is not None:
            numbers = numbers[:, :k] - zeros[part, g_idx]
            numbers *= scales[part, g_idx]
        else:
            blocks = numbers.reshape(len(numbers), -1, block_size)
            blocks -= zeros[part, :, None]
            blocks *= scales[part, :, None]
        yield part, numbers[:, :k]


def matmul_nbits_unpacked(
    a: NDArray[Any],
    w: NDArray[np.float32],
    bias: NDArray[Any] | None = None,
    *,
    block_size: int = 0,
) -> NDArray[Any]:
    """Return ``a @ w + bias``, of the dtype of ``a``.

    Parameters
    ----------
    a : [D..., k]
    w : [k, n]
    bias : [n], optional
    block_size : quantize blocks of ``a`` of this length to 8 bits first; 0 for none

    Returns
    -------
    y : [D..., n]

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MatMulNBits
    """
    rows = widened(a).reshape(prod(a.shape[:-1]), a.shape[-1])
    if block_size:
        rows = round_in_blocks(rows, block_size)
    y = np.asarray(np.matmul(rows, w))
    if bias is not None:
        y += bias
    return y.reshape(*a.shape[:-1], w.shape[1]).astype(a.dtype, copy=False)


def _zero_points(
    zero_points: NDArray[Any] | None, bits: int, shape: tuple[int, ...]
) -> NDArray[Any]:
    """Return the zero point of each block."""
    if zero_points is None:
        return np.full(shape, 1 << (bits - 1), np.float32)
    zeros = zero_points.reshape(shape[0], -1)
    if zeros.dtype == np.uint8:
        zeros = unpack_bits(zeros, bits)[:, : shape[1]]
    return zeros.astype(np.float32)


def unpack_bits(
    packed: NDArray[np.uint8], bits: int, dtype: DTypeLike = np.uint8
) -> NDArray[Any]:
    """Unpack the numbers in bytes, lowest bits first: [..., B] -> [..., B * 8 / bits]."""
    if bits == 8:
        return packed.astype(dtype, copy=False)
    numbers = np.empty((*packed.shape, 8 // bits), dtype)
    mask = np.uint8((1 << bits) - 1)
    for i in range(8 // bits):
        shifted = packed >> np.uint8(i * bits)
        np.bitwise_and(shifted, mask, out=numbers[..., i], casting="unsafe")
    return numbers.reshape(*packed.shape[:-1], packed.shape[-1] * (8 // bits))


def round_in_blocks(x: NDArray[Any], block_size: int) -> NDArray[Any]:
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
