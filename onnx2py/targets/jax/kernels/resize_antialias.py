"""Antialiased resizing: linear and cubic interpolation with filters widened to shrink."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax import Array

from ._resize_axes import (
    Constants,
    Numbers,
    ResizedAxis,
    filled_outside,
    resized_axes,
    source_positions,
)
from ._resize_taps import Taps, apply_taps, resample

_BITS = 22  # of the fixed-point weights for bytes, which are summed as integers


def resize_antialiased(
    x: Array,
    roi: Numbers = None,
    scales: Numbers = None,
    sizes: Numbers = None,
    *,
    axes: tuple[int, ...] | None = None,
    coordinate_transformation_mode: str = "half_pixel",
    cubic_coeff_a: float | None = None,
    exclude_outside: bool = False,
    keep_aspect_ratio_policy: str = "stretch",
    extrapolation_value: float = 0.0,
) -> Array:
    """Resize ``x``; each new element is a weighted sum of all elements that it covers.

    Integers of more than 8 bits are summed in float64 if JAX has it, else in float32.

    Raises
    ------
    ValueError
        If there is not one scale or size for each axis, an empty axis would grow, or a mode
        is unknown.
    """
    mode = coordinate_transformation_mode
    plan = []
    for axis in resized_axes(
        x.shape, roi, scales, sizes, axes, keep_aspect_ratio_policy
    ):
        if axis.out_length == axis.length:
            continue
        positions = source_positions(axis, mode)
        weighted = _widened_filter(axis, positions, cubic_coeff_a, exclude_outside)
        plan.append(Taps(axis, positions, *weighted))
    if not jnp.issubdtype(x.dtype, jnp.integer):
        return apply_taps(x, plan, mode, extrapolation_value)
    y = x
    for taps in reversed(plan):
        y = _resample_integers(y, taps)
    for taps in plan:
        y = filled_outside(y, taps.axis, taps.positions, mode, extrapolation_value)
    return y


def _resample_integers(x: Array, taps: Taps) -> Array:
    """Replace one axis by weighted sums, rounded and saturated to the range of the dtype."""
    info = np.iinfo(x.dtype)
    if x.dtype.itemsize == 1:
        steps = np.floor(taps.weights.astype(np.float64) * (1 << _BITS) + 0.5)
        fixed = taps._replace(weights=steps)
        total = resample(x.astype(jnp.int32), fixed)
        size = (jnp.abs(total) + (1 << _BITS - 1)) >> _BITS
        y = jnp.where(total < 0, -size, size)
        return jnp.clip(y, info.min, info.max).astype(x.dtype)
    y = resample(x.astype(float), taps)
    y = jnp.trunc(y + jnp.copysign(0.5, y))
    return jnp.clip(y, float(info.min), float(info.max)).astype(x.dtype)


def _widened_filter(
    axis: ResizedAxis, positions: Constants, a: float | None, exclude: bool
) -> tuple[Constants, Constants]:
    """Return the old elements that each new one covers, and their weights, each [K, O]."""
    stretch = max(np.float32(1) / axis.scale, np.float32(1))
    support = np.float32(1 if a is None else 2) * stretch
    center = positions + np.float32(0.5)
    first = np.floor(center - support + np.float32(0.5))
    end = np.floor(center + support + np.float32(0.5))
    steps = np.arange(int(np.ceil(support)) * 2 + 1, dtype=np.float32)[:, None]
    indices = first + steps
    distance = np.abs((indices - center + np.float32(0.5)) * (np.float32(1) / stretch))
    weights = _triangle(distance) if a is None else _keys(distance, np.float32(a))
    weights[indices >= end] = 0
    if exclude:
        weights[(indices < 0) | (indices >= axis.length)] = 0
    total = weights.sum(0)
    weights *= np.float32(1) / np.where(total == 0, np.float32(1), total)
    return indices.clip(0, axis.length - 1).astype(int), weights


def _triangle(distance: Constants) -> Constants:
    return np.asarray(np.maximum(1 - distance, np.float32(0)))


def _keys(distance: Constants, a: np.float32) -> Constants:
    """Return Keys' cubic convolution kernel, https://ieeexplore.ieee.org/document/1163711"""
    near = ((a + 2) * distance - (a + 3)) * distance * distance + 1
    far = (((distance - 5) * distance + 8) * distance - 4) * a
    return np.where(distance < 1, near, np.where(distance < 2, far, np.float32(0)))
