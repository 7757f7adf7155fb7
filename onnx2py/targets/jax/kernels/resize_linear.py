"""Resizing by linear and cubic interpolation."""

from __future__ import annotations

from typing import Any

import numpy as np
from jax import Array

from ._resize_axes import Numbers, resized_axes, source_positions
from ._resize_taps import Taps, apply_taps, linear_neighbors


def resize_linear(
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
    """Resize ``x`` by linear interpolation between two neighbors along each axis.

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
        positions = source_positions(axis, mode)
        low, high, weight = linear_neighbors(positions, axis.length)
        weight[low == high] = 0.5  # both have a weight: 0 would turn inf into NaN
        taps = (np.stack([low, high]), np.stack([1 - weight, weight]))
        plan.append(Taps(axis, positions, *taps))
    return apply_taps(x, plan, mode, extrapolation_value)


def resize_cubic(
    x: Array,
    roi: Numbers = None,
    scales: Numbers = None,
    sizes: Numbers = None,
    *,
    axes: tuple[int, ...] | None = None,
    coordinate_transformation_mode: str = "half_pixel",
    cubic_coeff_a: float = -0.75,
    exclude_outside: bool = False,
    keep_aspect_ratio_policy: str = "stretch",
    extrapolation_value: float = 0.0,
) -> Array:
    """Resize ``x`` by cubic convolution of four neighbors along each axis.

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
        positions = source_positions(axis, mode)
        base = np.floor(positions)
        indices = base.astype(int) + np.arange(-1, 3)[:, None]
        weights = np.stack(cubic_weights(positions - base, np.float32(cubic_coeff_a)))
        if exclude_outside:
            weights[(indices < 0) | (indices >= axis.length)] = 0
            with np.errstate(invalid="ignore"):  # NaN where no neighbor is inside
                weights /= weights.sum(0)
        held = indices.clip(0, axis.length - 1)
        plan.append(Taps(axis, positions, held, weights))
    return apply_taps(x, plan, mode, extrapolation_value)


def cubic_weights(fraction: Any, a: Any) -> tuple[Any, Any, Any, Any]:
    """Return the weight of each of four neighbors; ``fraction`` is in [0, 1).

    Cubic convolution after Keys, https://ieeexplore.ieee.org/document/1163711
    """

    def far(distance: Any) -> Any:
        return ((distance - 5) * distance + 8) * distance * a - 4 * a

    def near(distance: Any) -> Any:
        return ((a + 2) * distance - (a + 3)) * distance * distance + 1

    return far(fraction + 1), near(fraction), near(1 - fraction), far(2 - fraction)
