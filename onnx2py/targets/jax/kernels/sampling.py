"""Sampling an array at the points of a grid."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from ._ints import as_ints
from ._precision import widened
from ._rounding import rounded_once
from .resize_linear import cubic_weights


def grid_sample(
    x: Array,
    grid: Array,
    *,
    mode: str = "linear",
    padding_mode: str = "zeros",
    align_corners: bool = False,
) -> Array:
    """Interpolate [N, C, D...] at the points of a grid [N, O..., r]: [N, C, O...].

    Raises
    ------
    ValueError
        If ``mode`` or ``padding_mode`` is unknown.
    """
    lengths, count = x.shape[2:], prod(grid.shape[1:-1])
    points = jnp.moveaxis(widened(grid), -1, 0)[::-1]
    taps = []
    for point, length in zip(points.reshape(len(lengths), -1, count), lengths):
        place = _denormalized(point, length, align_corners)
        base = jnp.rint(place) if mode == "nearest" else jnp.floor(place)
        taps.append(
            [
                (*_held(base + step, length, padding_mode, align_corners), weight)
                for step, weight in _neighbors(place - base, mode)
            ]
        )
    flat = jnp.asarray(x).reshape(*x.shape[:2], prod(lengths))
    y = _weighted_sum(flat, lengths, taps)
    return y.astype(x.dtype).reshape(*x.shape[:2], *grid.shape[1:-1])


def _denormalized(point: Array, length: int, align_corners: bool) -> Array:
    """Convert positions from -1...1 to elements."""
    if align_corners:
        return (point + 1) / 2 * (length - 1)
    return ((point + 1) * length - 1) / 2


def _neighbors(fraction: Array, mode: str) -> list[tuple[int, Any]]:
    """Return the offset of each neighbor, and its weight.

    Raises
    ------
    ValueError
        If the mode is unknown.
    """
    if mode == "nearest":
        return [(0, None)]
    if mode == "linear":
        return [(0, 1 - fraction), (1, fraction)]
    if mode != "cubic":
        raise ValueError(f"grid_sample: unknown mode {mode!r}")
    return list(zip((-1, 0, 1, 2), cubic_weights(fraction, -0.75)))


def _held(
    index: Array, length: int, padding_mode: str, align_corners: bool
) -> tuple[Array, Array | None]:
    """Map indices into the axis; with zero padding, return which are inside, too.

    Raises
    ------
    ValueError
        If the padding mode is unknown.
    """
    inside = None
    if padding_mode == "zeros":
        inside = (index >= 0) & (index < length)
    elif padding_mode == "reflection":
        low, high = (0.0, length - 1.0) if align_corners else (-0.5, length - 0.5)
        index = _reflected(index, low, high)
    elif padding_mode != "border":
        raise ValueError(f"grid_sample: unknown padding mode {padding_mode!r}")
    index = jnp.where(jnp.isnan(index), 0, index)
    return jnp.clip(index, 0, length - 1).astype(int), inside


def _reflected(place: Array, low: float, high: float) -> Array:
    """Reflect positions at the bounds until they lie between them."""
    span = high - low
    if span <= 0:
        return jnp.zeros_like(place)
    beyond = jnp.maximum(jnp.maximum(low - place, place - high), 0)
    turns = jnp.trunc(beyond / span)
    rest = beyond - turns * span
    from_low = (place < low) == (turns % 2 == 0)
    mirrored = jnp.where(from_low, low + rest, high - rest)
    return jnp.where(beyond > 0, mirrored, place)


def _weighted_sum(flat: Array, lengths: Sequence[int], taps: Sequence[Any]) -> Array:
    """Sum the neighbors of each point in [N, C, D], each times the product of its weights."""
    parts = []
    for corner in product(*taps):
        index: Any = 0
        inside: Any = None
        weight: Any = None
        for length, (held, within, share) in zip(lengths, corner):
            index = index * length + held
            inside = within if inside is None else inside & within
            weight = share if weight is None else weight * share
        part = jax.vmap(lambda image, i: jnp.take(image, i, 1, mode="clip"))(
            flat, index
        )
        if inside is not None:
            part = jnp.where(inside[:, None], part, 0)
        parts.append(part if weight is None else part * weight[:, None])
    return sum(parts[1:], parts[0])


@rounded_once
def affine_grid(
    theta: Array, size: Sequence[int] | Array, *, align_corners: bool = False
) -> Array:
    """Return a grid [N, O..., r] of points between -1 and 1 after affine transformations.

    theta is [N, r, r + 1]; ``size`` is (N, C, O...).
    """
    sizes = as_ints(size)[2:]
    axes = []
    for n in sizes:
        steps = jnp.arange(n).astype(theta.dtype)
        if align_corners and n == 1:
            axes.append(steps + 1)  # the upper border, as in onnxruntime
        elif align_corners:
            axes.append(steps * (2 / (n - 1)) - 1)
        else:
            axes.append((2 * steps + 1) / n - 1)
    points = jnp.meshgrid(*axes, indexing="ij")[::-1]
    base = jnp.stack((*points, jnp.ones_like(points[0])), -1)
    grid = jnp.matmul(base.reshape(-1, len(sizes) + 1), jnp.swapaxes(theta, 1, 2))
    return grid.reshape(len(theta), *sizes, len(sizes))
