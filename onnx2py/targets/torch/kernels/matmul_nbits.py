"""Products with weights quantized to few bits in blocks."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ._precision import widened


def matmul_nbits(
    a: Tensor,
    b: Tensor,
    scales: Tensor,
    zero_points: Tensor | None = None,
    g_idx: Tensor | None = None,
    bias: Tensor | None = None,
    *,
    n: int,
    k: int,
    bits: int = 4,
    block_size: int,
    int8_blocks: bool = False,
) -> Tensor:
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
    if b.numel():
        w = _unpacked(b, scales, zero_points, g_idx, bits, block_size)[:, :k]
    else:
        w = rows.new_zeros(n, k)
    return F.linear(rows, w, None if bias is None else widened(bias)).to(a.dtype)


def _unpacked(
    b: Tensor,
    scales: Tensor,
    zero_points: Tensor | None,
    g_idx: Tensor | None,
    bits: int,
    block_size: int,
) -> Tensor:
    """Return the weights as floats: [n, blocks * block_size], or fewer columns."""
    n = len(b)
    numbers = unpacked_bits(b.reshape(n, -1), bits).float()
    scales = widened(scales).reshape(n, -1)
    zeros = torch.full_like(scales, 1 << (bits - 1))
    if zero_points is not None:
        zeros = zero_points.reshape(n, -1)
        if zeros.dtype == torch.uint8:
            zeros = unpacked_bits(zeros, bits)[:, : scales.shape[1]]
        zeros = zeros.float()
    if g_idx is None:
        places = torch.arange(numbers.shape[1], device=b.device) // block_size
    else:
        places, numbers = g_idx.long(), numbers[:, : len(g_idx)]
    return (numbers - zeros[:, places]) * scales[:, places]


def unpacked_bits(packed: Tensor, bits: int) -> Tensor:
    """Unpack the numbers in bytes, lowest bits first: [..., B] -> [..., B * 8 / bits]."""
    if bits == 8:
        return packed
    shifts = torch.arange(0, 8, bits, dtype=torch.uint8, device=packed.device)
    return (packed[..., None] >> shifts & (1 << bits) - 1).flatten(-2)


def round_in_blocks(x: Tensor, block_size: int) -> Tensor:
    """Round each block of the last axis to 255 steps, from -max(|x|) to max(|x|)."""
    size = x.shape[-1]
    blocks = F.pad(x, (0, -size % block_size)).unflatten(-1, (-1, block_size))
    scale = blocks.abs().amax(-1, keepdim=True) / 127
    steps = torch.round(blocks / torch.where(scale == 0, 1, scale))
    return (steps * scale).flatten(-2)[..., :size]
