"""Resizing by copying the nearest element."""

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


def resize_nearest(
    x: Array,
    roi: Numbers = None,
    scales: Numbers = None,
    sizes: Numbers = None,
    *,
    axes: tuple[int, ...] | None = None,
    coordinate_transformation_mode: str = "half_pixel",
    nearest_mode: str = "round_prefer_floor",
    keep_aspect_ratio_policy: str = "stretch",
    extrapolation_value: float = 0.0,
) -> Array:
    """Resize ``x``; each new element is a copy of the nearest old one.

    Raises
    ------
    ValueError
        If there is not one scale or size for each axis, an empty axis would grow, or a mode
        is unknown.
    """
    mode = coordinate_transformation_mode
    y = x
    for axis in resized_axes(
        x.shape, roi, scales, sizes, axes, keep_aspect_ratio_policy
    ):
        positions = source_positions(axis, mode)
        nearest = _nearest_indices(axis, positions, nearest_mode)
        y = _taken(y, axis.axis, nearest)
        y = filled_outside(y, axis, positions, mode, extrapolation_value)
    return y


def _taken(x: Array, axis: int, indices: Constants) -> Array:
    """Return elements of an axis; repeated ones are copied faster than gathered ones."""
    length = x.shape[axis]
    factor = len(indices) // max(length, 1)
    if np.array_equal(indices, np.arange(length * factor) // max(factor, 1)):
        return jnp.repeat(x, factor, axis)
    return jnp.take(x, indices, axis, mode="clip")


def _nearest_indices(
    axis: ResizedAxis, positions: Constants, rounding: str
) -> Constants:
    """Return the index of the nearest old element for each position.

    Raises
    ------
    ValueError
        If the rounding is unknown.
    """
    exact = positions.astype(np.float64)
    if rounding == "toward_zero":
        rounding = "ceil" if axis.scale < 1 else "floor"
    if rounding == "round_prefer_floor":
        rounded = np.ceil(exact - 0.5)
    elif rounding == "round_prefer_ceil":
        rounded = np.floor(exact + 0.5)
    elif rounding == "floor":
        rounded = np.floor(exact)
    elif rounding == "ceil":
        rounded = np.ceil(exact)
    else:
        raise ValueError(f"resize: unknown nearest mode {rounding!r}")
    return np.asarray(rounded.clip(0, axis.length - 1).astype(int))
