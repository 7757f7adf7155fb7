"""Antialiased resizing: linear and cubic interpolation with filters widened to shrink."""

from __future__ import annotations

from math import ceil

import torch
from torch import Tensor

from ._resize_axes import (
    Numbers,
    ResizedAxis,
    filled_outside,
    resized_axes,
    single,
    source_positions,
)
from ._resize_taps import Taps, apply_taps, resample

_ONE = 1 << 22  # the fixed-point weight 1 for bytes, which are summed as integers


def resize_antialiased(
    x: Tensor,
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
) -> Tensor:
    """Resize ``x``; each new element is a weighted sum of all elements that it covers.

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
        positions = source_positions(axis, mode, x.device)
        weighted = _widened_filter(axis, positions, cubic_coeff_a, exclude_outside)
        plan.append(Taps(axis, positions, *weighted))
    if x.is_floating_point():
        return apply_taps(x, plan, mode, extrapolation_value)
    y = x
    for taps in reversed(plan):
        y = _resample_integers(y, taps)
    for taps in plan:
        y = filled_outside(y, taps.axis, taps.positions, mode, extrapolation_value)
    return y


def _resample_integers(x: Tensor, taps: Taps) -> Tensor:
    """Replace one axis by weighted sums, rounded and saturated to the range of the dtype."""
    weights = taps.weights.double()
    if x.element_size() == 1:
        weights = (weights * _ONE + 0.5).floor() / _ONE
    # float64 represents these sums of integers exactly.
    y = resample(x.double(), taps._replace(weights=weights))
    y = torch.trunc(y + torch.copysign(torch.full_like(y, 0.5), y))
    info = torch.iinfo(x.dtype)
    return y.clamp(info.min, info.max).to(x.dtype)


def _widened_filter(
    axis: ResizedAxis, positions: Tensor, a: float | None, exclude: bool
) -> tuple[Tensor, Tensor]:
    """Return the old elements that each new one covers, and their weights, each [K, O]."""
    stretch = max(single(1 / single(axis.scale)), 1.0)
    support = single((1 if a is None else 2) * stretch)
    center = positions + 0.5
    first = torch.floor(center - support + 0.5)
    end = torch.floor(center + support + 0.5)
    count = ceil(support) * 2 + 1
    steps = torch.arange(count, dtype=torch.float32, device=positions.device)[:, None]
    indices = first + steps
    distance = ((indices - center + 0.5) * single(1 / stretch)).abs()
    weights = (1 - distance).clamp(min=0) if a is None else _keys(distance, a)
    weights = torch.where(indices < end, weights, 0)
    if exclude:
        weights = torch.where((indices >= 0) & (indices < axis.length), weights, 0)
    total = weights.sum(0)
    weights = weights * (1 / torch.where(total == 0, 1, total))
    return indices.clamp(0, axis.length - 1).long(), weights


def _keys(distance: Tensor, a: float) -> Tensor:
    """Return Keys' cubic convolution kernel, https://ieeexplore.ieee.org/document/1163711"""
    near = ((a + 2) * distance - (a + 3)) * distance * distance + 1
    far = (((distance - 5) * distance + 8) * distance - 4) * a
    return torch.where(distance < 1, near, torch.where(distance < 2, far, 0))
