"""Resizing by copying the nearest element."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ._resize_axes import (
    Numbers,
    ResizedAxis,
    filled_outside,
    fits_interpolate,
    new_sizes,
    resized_axes,
    source_positions,
)


def resize_nearest(
    x: Tensor,
    roi: Numbers = None,
    scales: Numbers = None,
    sizes: Numbers = None,
    *,
    axes: tuple[int, ...] | None = None,
    coordinate_transformation_mode: str = "half_pixel",
    nearest_mode: str = "round_prefer_floor",
    keep_aspect_ratio_policy: str = "stretch",
    extrapolation_value: float = 0.0,
) -> Tensor:
    """Resize ``x``; each new element is a copy of the nearest old one.

    Raises
    ------
    ValueError
        If there is not one scale or size for each axis, an empty axis would grow, or a mode
        is unknown.
    """
    mode = coordinate_transformation_mode
    resized = resized_axes(x.shape, roi, scales, sizes, axes, keep_aspect_ratio_policy)
    if _repeats(resized, mode, nearest_mode) and fits_interpolate(x, resized, mode):
        return F.interpolate(x, new_sizes(x, resized), mode="nearest")
    y = x
    for axis in resized:
        positions = source_positions(axis, mode, x.device)
        y = y.index_select(axis.axis, _nearest_indices(axis, positions, nearest_mode))
        y = filled_outside(y, axis, positions, mode, extrapolation_value)
    return y


def _repeats(axes: list[ResizedAxis], mode: str, rounding: str) -> bool:
    """Return whether each element is repeated, 2, 4 or 8 times, which torch computes exactly."""
    if mode == "asymmetric":
        usual = rounding in ("floor", "toward_zero")
    else:
        usual = mode.endswith("half_pixel") and rounding.startswith("round_prefer")
    return usual and len(axes) > 0 and all(axis.scale in (2, 4, 8) for axis in axes)


def _nearest_indices(axis: ResizedAxis, positions: Tensor, rounding: str) -> Tensor:
    """Return the index of the nearest old element for each position.

    Raises
    ------
    ValueError
        If the rounding is unknown.
    """
    exact = positions.double()
    if rounding == "toward_zero":
        rounding = "ceil" if axis.scale < 1 else "floor"
    if rounding == "round_prefer_floor":
        rounded = torch.ceil(exact - 0.5)
    elif rounding == "round_prefer_ceil":
        rounded = torch.floor(exact + 0.5)
    elif rounding == "floor":
        rounded = torch.floor(exact)
    elif rounding == "ceil":
        rounded = torch.ceil(exact)
    else:
        raise ValueError(f"resize: unknown nearest mode {rounding!r}")
    return rounded.clamp(0, axis.length - 1).long()
