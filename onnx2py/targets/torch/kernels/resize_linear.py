"""Resizing by linear and cubic interpolation."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ._resize_axes import (
    Numbers,
    fits_interpolate,
    new_sizes,
    resized_axes,
    source_positions,
)
from ._resize_taps import Taps, apply_taps, linear_neighbors

_MODES = ("half_pixel", "pytorch_half_pixel", "align_corners")


def resize_linear(
    x: Tensor,
    roi: Numbers = None,
    scales: Numbers = None,
    sizes: Numbers = None,
    *,
    axes: tuple[int, ...] | None = None,
    coordinate_transformation_mode: str = "half_pixel",
    keep_aspect_ratio_policy: str = "stretch",
    extrapolation_value: float = 0.0,
) -> Tensor:
    """Resize ``x`` by linear interpolation between two neighbors along each axis.

    Raises
    ------
    ValueError
        If there is not one scale or size for each axis, an empty axis would grow, or a mode
        is unknown.
    """
    mode = coordinate_transformation_mode
    resized = resized_axes(x.shape, roi, scales, sizes, axes, keep_aspect_ratio_policy)
    if mode in _MODES and resized and fits_interpolate(x, resized, mode):
        kind = ("linear", "bilinear", "trilinear")[x.ndim - 3]
        corners = mode == "align_corners"
        return F.interpolate(x, new_sizes(x, resized), mode=kind, align_corners=corners)
    plan = []
    for axis in resized:
        positions = source_positions(axis, mode, x.device)
        low, high, weight = linear_neighbors(positions, axis.length)
        weight = torch.where(low == high, 0.5, weight)  # 0 would turn inf into NaN
        taps = (torch.stack((low, high)), torch.stack((1 - weight, weight)))
        plan.append(Taps(axis, positions, *taps))
    return apply_taps(x, plan, mode, extrapolation_value)


def resize_cubic(
    x: Tensor,
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
) -> Tensor:
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
        positions = source_positions(axis, mode, x.device)
        base = positions.floor()
        steps = torch.arange(-1, 3, device=x.device)[:, None]
        indices = base.long() + steps
        weights = cubic_weights(positions - base, cubic_coeff_a)
        if exclude_outside:
            inside = (indices >= 0) & (indices < axis.length)
            weights = weights * inside
            weights = weights / weights.sum(0)
        held = indices.clamp(0, axis.length - 1)
        plan.append(Taps(axis, positions, held, weights))
    return apply_taps(x, plan, mode, extrapolation_value)


def cubic_weights(fraction: Tensor, a: float) -> Tensor:
    """Return the weights of four neighbors: [...] -> [4, ...]; ``fraction`` is in [0, 1).

    Cubic convolution after Keys, https://ieeexplore.ieee.org/document/1163711
    """
    far = torch.stack((fraction + 1, 2 - fraction))
    near = torch.stack((fraction, 1 - fraction))
    far = ((far - 5) * far + 8) * far * a - 4 * a
    near = ((a + 2) * near - (a + 3)) * near * near + 1
    return torch.stack((far[0], near[0], near[1], far[1]))
