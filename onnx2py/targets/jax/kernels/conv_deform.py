"""Deformable convolution."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod

import jax.numpy as jnp
from jax import Array

from ._rounding import rounded_once


@rounded_once
def deform_conv(
    x: Array,
    weight: Array,
    offset: Array,
    bias: Array | None = None,
    mask: Array | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Sequence[int] | None = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
    offset_group: int = 1,
) -> Array:
    """Cross-correlate ``x`` [N, C, D...], sampled at offset positions, with ``weight``.

    Offsets are [N, offset_group * prod(K...) * R, O...], along each of the R axes; the
    mask is [N, offset_group * prod(K...), O...].
    """
    n, c, *sizes = x.shape
    kernel_shape, out_shape = weight.shape[2:], offset.shape[2:]
    rank, taps, points = len(sizes), prod(kernel_shape), prod(out_shape)
    regular = _regular_places(kernel_shape, out_shape, strides, pads, dilations)
    moves = offset.reshape(n, offset_group, taps, rank, points)
    places = moves + regular.astype(x.dtype)
    samples = _interpolated(
        x.reshape(n, offset_group, c // offset_group, prod(sizes)),
        jnp.moveaxis(places, 3, 0).reshape(rank, n, offset_group, 1, taps * points),
        sizes,
    )
    if mask is not None:
        samples = samples * mask.reshape(n, offset_group, 1, taps * points)
    columns = samples.reshape(n, group, c // group * taps, points)
    rows = weight.reshape(group, weight.shape[0] // group, c // group * taps)
    y = jnp.matmul(rows, columns).reshape(n, weight.shape[0], *out_shape)
    return y if bias is None else y + bias.reshape(-1, *[1] * rank)


def _regular_places(
    kernel_shape: Sequence[int],
    out_shape: Sequence[int],
    strides: Sequence[int] | None,
    pads: Sequence[int] | None,
    dilations: Sequence[int] | None,
) -> Array:
    """Return the positions in windows along each axis, without offsets: [K, R, O]."""
    rank = len(kernel_shape)
    strides, dilations = strides or (1,) * rank, dilations or (1,) * rank
    pads = pads or (0,) * (2 * rank)
    taps = [jnp.arange(k) * d for k, d in zip(kernel_shape, dilations)]
    windows = [jnp.arange(o) * s - p for o, s, p in zip(out_shape, strides, pads)]
    inside = jnp.stack(jnp.meshgrid(*taps, indexing="ij"), -1).reshape(-1, rank)
    across = jnp.stack(jnp.meshgrid(*windows, indexing="ij")).reshape(rank, -1)
    return inside[:, :, None] + across


def _interpolated(x: Array, places: Array, sizes: Sequence[int]) -> Array:
    """Sample [..., C, prod(D...)] at positions [R, ..., 1, P]; 0 outside the image."""
    lows = jnp.floor(places)
    total = jnp.zeros((), x.dtype)
    for corner in product((0, 1), repeat=len(sizes)):
        index = jnp.zeros(lows.shape[1:], int)
        share = jnp.ones(lows.shape[1:], x.dtype)
        for step, low, place, size in zip(corner, lows, places, sizes):
            near = low + step
            inside = (near >= 0) & (near < size)
            index = index * size + jnp.where(inside, near, 0).astype(int)
            share = share * jnp.where(inside, 1 - jnp.abs(place - near), 0)
        total = total + share * jnp.take_along_axis(x, index, -1, mode="clip")
    return total
