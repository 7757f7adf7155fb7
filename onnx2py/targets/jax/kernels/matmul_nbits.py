"""Products with weights quantized to few bits in blocks."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from ._precision import widened


def matmul_nbits(
    a: Array,
    b: Array,
    scales: Array,
    zero_points: Array | None = None,
    g_idx: Array | None = None,
    bias: Array | None = None,
    *,
    n: int,
    k: int,
    bits: int = 4,
    block_size: int,
    int8_blocks: bool = False,
) -> Array:
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
    """
    rows = widened(a)
    if int8_blocks:
        rows = round_in_blocks(rows, block_size)
    if b.size:
        w = _unpacked(b, scales, zero_points, g_idx, bits, block_size)[:, :k]
    else:
        w = jnp.zeros((n, k), rows.dtype)
    y = jnp.matmul(rows, w.T)
    return (y if bias is None else y + widened(bias)).astype(a.dtype)


def _unpacked(
    b: Array,
    scales: Array,
    zero_points: Array | None,
    g_idx: Array | None,
    bits: int,
    block_size: int,
) -> Array:
    """Return the weights as floats: [n, blocks * block_size], or fewer columns."""
    n = len(b)
    numbers = unpacked_bits(b.reshape(n, -1), bits).astype(jnp.float32)
    scales = widened(scales).reshape(n, -1)
    zeros = jnp.full(scales.shape, 1 << (bits - 1), jnp.float32)
    if zero_points is not None:
        zeros = zero_points.reshape(n, -1)
        if zeros.dtype == jnp.uint8:
            zeros = unpacked_bits(zeros, bits)[:, : scales.shape[1]]
        zeros = zeros.astype(jnp.float32)
    if g_idx is None:
        blocks = numbers.reshape(n, -1, block_size)
        blocks = (blocks - zeros[:, :, None]) * scales[:, :, None]
        return blocks.reshape(numbers.shape)
    return (numbers[:, : len(g_idx)] - zeros[:, g_idx]) * scales[:, g_idx]


def unpacked_bits(packed: Array, bits: int) -> Array:
    """Unpack the numbers in bytes, lowest bits first: [..., B] -> [..., B * 8 / bits]."""
    if bits == 8:
        return packed
    shifts = jnp.arange(0, 8, bits, dtype=jnp.uint8)
    numbers = packed[..., None] >> shifts & (1 << bits) - 1
    return numbers.reshape(*packed.shape[:-1], packed.shape[-1] * len(shifts))


def round_in_blocks(x: Array, block_size: int) -> Array:
    """Round each block of the last axis to 255 steps, from -max(|x|) to max(|x|)."""
    *batch, size = x.shape
    blocks = -(-size // block_size)
    ends = [(0, 0)] * len(batch) + [(0, blocks * block_size - size)]
    padded = jnp.pad(x, ends).reshape(*batch, blocks, block_size)
    scale = jnp.abs(padded).max(-1, keepdims=True) / 127
    steps = jnp.round(padded / jnp.where(scale == 0, 1, scale))
    return (steps * scale).reshape(*batch, blocks * block_size)[..., :size]
