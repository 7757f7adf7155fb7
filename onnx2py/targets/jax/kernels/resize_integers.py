"""Resizing of integers by linear interpolation, truncated as in onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import jax.numpy as jnp
import numpy as np
from jax import Array

from ._resize_axes import (
    Constants,
    Numbers,
    ResizedAxis,
    along,
    filled_outside,
    resized_axes,
    source_positions,
)
from ._resize_taps import linear_neighbors

Neighbors = tuple[Constants, Constants, Constants]


def resize_linear_integers(
    x: Array,
    roi: Numbers = None,
    scales: Numbers = None,
    sizes: Numbers = None,
    *,
    axes: tuple[int, ...] | None = None,
    coordinate_transformation_mode: str = "half_pixel",
    keep_aspect_ratio_policy: str = "stretch",
    extrapolation_value: float = 0.0,
) -> Array:
    """Resize ``x`` by linear interpolation along all axes.

    All corners are summed at once, in float32 and in a fixed order: the sum is truncated,
    and another order would change some results by 1. Bytes in [N, H, W, C] have 10-bit
    weights.

    Raises
    ------
    ValueError
        If there is not one scale or size for each axis, an empty axis would grow, or a mode
        is unknown.
    """
    mode = coordinate_transformation_mode
    found = resized_axes(x.shape, roi, scales, sizes, axes, keep_aspect_ratio_policy)
    if not found:
        return x
    channels_last = x.ndim == 4 and found[0].axis == 1 and found[-1].axis < 3
    spatial = _with_neighbors(x, found, channels_last)
    positions = [
        source_positions(axis, mode if axis.scale != 1 else "asymmetric")
        for axis in spatial
    ]
    taps = [linear_neighbors(p, a.length) for p, a in zip(positions, spatial)]
    unit = 1024 if channels_last and x.dtype.itemsize == 1 else 0
    y = _sum_of_corners(x, [axis.axis for axis in spatial], taps, unit).astype(x.dtype)
    for axis, place in zip(spatial, positions):
        y = filled_outside(y, axis, place, mode, extrapolation_value)
    return y


def _with_neighbors(
    x: Array, found: list[ResizedAxis], channels_last: bool
) -> list[ResizedAxis]:
    """Return all spatial axes, last first; axes of scale 1 take part in the sum."""
    known = {axis.axis: axis for axis in found}
    spatial = {2: (0, 1), 3: (0, 1, 2), 4: (2, 3), 5: (2, 3, 4)}.get(x.ndim, ())
    wanted = {*((1, 2) if channels_last else spatial), *known}
    return [
        known.get(i) or ResizedAxis(i, x.shape[i], x.shape[i], np.float32(1), 0.0, 1.0)
        for i in sorted(wanted, reverse=True)
    ]


def _sum_of_corners(
    x: Array, axes: Sequence[int], taps: Sequence[Neighbors], unit: int
) -> Array:
    """Return the weighted sum over the corners, in which the first of ``axes`` varies first.

    If ``unit`` is not 0, weights are integers in units of ``1 / unit``.
    """
    dtype = jnp.int32 if unit else jnp.float32
    total = jnp.zeros((), dtype)
    for corner in product((0, 1), repeat=len(axes)):
        y, weight = x, np.ones((), dtype)
        for axis, (low, high, fraction), above in zip(axes, taps, corner[::-1]):
            y = jnp.take(y, high if above else low, axis, mode="clip")
            if unit:
                whole = (low + fraction).astype(np.float32) * np.float32(unit)
                share = whole.astype(np.int32) - low.astype(np.int32) * unit
                part = share if above else unit - share
            else:
                part = fraction if above else 1 - fraction
                part = np.where(low == high, np.float32(0.5), part)
            weight = weight * along(part, x, axis)
        # Without the condition, compilers round the product and the sum as one.
        term = jnp.where(y == 0, 0, weight * y.astype(dtype))
        total = total + term
    if unit:  # toward zero, of 20 or more binary places
        bits = 10 * len(axes)
        return jnp.where(total < 0, -(-total >> bits), total >> bits)
    return total
