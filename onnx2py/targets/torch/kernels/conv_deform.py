"""Deformable convolution."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod

import torch
from torch import Tensor

from ._rounding import rounded_once


@rounded_once
def deform_conv(
    x: Tensor,
    weight: Tensor,
    offset: Tensor,
    bias: Tensor | None = None,
    mask: Tensor | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Sequence[int] | None = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
    offset_group: int = 1,
) -> Tensor:
    """Cross-correlate ``x`` [N, C, D...], sampled at offset positions, with ``weight``.

    Offsets are [N, offset_group * prod(K...) * R, O...], along each of the R axes; the
    mask is [N, offset_group * prod(K...), O...].
    """
    n, c, *sizes = x.shape
    kernel_shape, out_shape = weight.shape[2:], offset.shape[2:]
    rank, taps, points = len(sizes), prod(kernel_shape), prod(out_shape)
    moves = offset.reshape(n, offset_group, taps, rank, points)
    places = moves + _places(kernel_shape, out_shape, strides, pads, dilations, x)
    samples = _interpolate(
        x.reshape(n, offset_group, c // offset_group, prod(sizes)),
        places.movedim(3, 0).reshape(rank, n, offset_group, 1, taps * points),
        sizes,
    )
    if mask is not None:
        samples = samples * mask.reshape(n, offset_group, 1, taps * points)
    columns = samples.reshape(n, group, c // group * taps, points)
    rows = weight.reshape(group, weight.shape[0] // group, c // group * taps)
    y = (rows @ columns).reshape(n, weight.shape[0], *out_shape)
    return y if bias is None else y + bias.reshape(-1, *[1] * rank)


def _places(
    kernel_shape: Sequence[int],
    out_shape: Sequence[int],
    strides: Sequence[int] | None,
    pads: Sequence[int] | None,
    dilations: Sequence[int] | None,
    x: Tensor,
) -> Tensor:
    """Return the positions in windows along each axis, without offsets: [K, R, O]."""
    rank = len(kernel_shape)
    strides, dilations = strides or (1,) * rank, dilations or (1,) * rank
    pads = pads or (0,) * (2 * rank)
    inside = [
        torch.arange(k, device=x.device) * d for k, d in zip(kernel_shape, dilations)
    ]
    across = [
        torch.arange(o, device=x.device) * s - p
        for o, s, p in zip(out_shape, strides, pads)
    ]
    taps = torch.stack([a.flatten() for a in torch.meshgrid(*inside, indexing="ij")], 1)
    windows = torch.stack([a.flatten() for a in torch.meshgrid(*across, indexing="ij")])
    return (taps[:, :, None] + windows).to(x.dtype)


def _interpolate(x: Tensor, places: Tensor, sizes: Sequence[int]) -> Tensor:
    """Sample [..., C, prod(D...)] at positions [R, ..., 1, P]; 0 outside the image."""
    lows = places.floor()
    total = x.new_zeros(())
    for corner in product((0, 1), repeat=len(sizes)):
        index, share = torch.zeros_like(lows[0], dtype=torch.int64), torch.ones_like(
            lows[0]
        )
        for step, low, place, size in zip(corner, lows, places, sizes):
            near = low + step
            inside = (near >= 0) & (near < size)
            index = index * size + torch.where(inside, near, 0).long()
            share = share * (1 - (place - near).abs()) * inside
        total = total + share * x.gather(3, index.expand(*x.shape[:3], -1))
    return total
