"""Weighted sums of neighbors along one axis of a tensor."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ._resize_axes import ResizedAxis, along, filled_outside


class Taps(NamedTuple):
    """For each new element of an axis, K old elements and their weights, each [K, O]."""

    axis: ResizedAxis
    positions: Tensor
    indices: Tensor
    weights: Tensor


def linear_neighbors(positions: Tensor, length: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the indices below and above each position, and the weight of the one above."""
    held = positions.clamp(0, length - 1)
    low = held.long()
    return low, (low + 1).clamp(max=length - 1), held - low


def resample(x: Tensor, taps: Taps) -> Tensor:
    """Replace one axis of a float tensor by weighted sums of its elements."""
    axis = taps.axis.axis
    parts = [
        x.index_select(axis, indices) * along(weights.to(x.dtype), x, axis)
        for indices, weights in zip(taps.indices, taps.weights)
    ]
    return sum(parts[1:], parts[0])


def apply_taps(
    x: Tensor, plan: list[Taps], mode: str, extrapolation_value: float
) -> Tensor:
    """Resample each axis of the plan in float32 or float64; round for integer dtypes."""
    y = x if x.dtype == torch.float64 or not plan else x.float()
    for taps in reversed(plan):
        y = resample(y, taps)
    for taps in plan:
        y = filled_outside(y, taps.axis, taps.positions, mode, extrapolation_value)
    if not x.is_floating_point() and plan:
        info = torch.iinfo(x.dtype)
        y = torch.round(y).clamp(info.min, info.max)
    return y.to(x.dtype)
