"""Weighted sums of neighbors along one axis of an array."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

from ._resize_axes import Constants, ResizedAxis, along, filled_outside


class Taps(NamedTuple):
    """For each new element of an axis, K old elements and their weights, each [K, O]."""

    axis: ResizedAxis
    positions: Constants
    indices: Constants
    weights: Constants


def linear_neighbors(
    positions: Constants, length: int
) -> tuple[Constants, Constants, Constants]:
    """Return the indices below and above each position, and the weight of the one above."""
    held = positions.clip(0, length - 1)
    low = held.astype(int)
    return low, np.minimum(low + 1, length - 1), held - low.astype(np.float32)


def resample(x: Array, taps: Taps) -> Array:
    """Replace one axis of a float array by weighted sums of its elements."""
    axis = taps.axis.axis
    # One after the other: XLA does not fuse a sum with what it gathers at once.
    parts = [
        jnp.take(x, indices, axis, mode="clip") * along(weights, x, axis)
        for indices, weights in zip(taps.indices, taps.weights.astype(x.dtype))
    ]
    return sum(parts[1:], parts[0])


def apply_taps(
    x: Array, plan: list[Taps], mode: str, extrapolation_value: float
) -> Array:
    """Resample each axis of the plan in float32 or float64; round for integer dtypes."""
    if not plan:
        return x
    y = x if x.dtype == jnp.float64 else x.astype(jnp.float32)
    for taps in reversed(plan):
        y = resample(y, taps)
    for taps in plan:
        y = filled_outside(y, taps.axis, taps.positions, mode, extrapolation_value)
    if jnp.issubdtype(x.dtype, jnp.integer):
        info = np.iinfo(x.dtype)
        y = jnp.clip(jnp.rint(y), float(info.min), float(info.max))
    return y.astype(x.dtype)
