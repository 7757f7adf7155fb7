"""Resizing of integers by linear interpolation, truncated as in onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._resize_axes import (
    Numbers,
    ResizedAxis,
    fill_outside,
    hashable,
    outside,
    resized_axes,
    source_positions,
)
from .resize_linear import linear_neighbors


def resize_linear_integers(
    x: NDArray[Any],
    roi: Numbers = None,
    scales: Numbers = None,
    sizes: Numbers = None,
    *,
    axes: tuple[int, ...] | None = None,
    coordinate_transformation_mode: str = "half_pixel",
    keep_aspect_ratio_policy: str = "stretch",
    extrapolation_value: float = 0.0,
) -> NDArray[Any]:
    """Resize ``x`` by linear interpolation along all axes.

    All corners are summed at once, in float32 and in a fixed order: the sum is truncated,
    and another order would change some results by 1. Bytes in [N, H, W, C] have 10-bit
    weights.

    Parameters
    ----------
    x : [D...]
    roi : all starts, then all ends, as fractions; only for "tf_crop_and_resize"
    scales, sizes : one number per axis of ``axes``; either is None
    axes : the axes to resize; all by default
    coordinate_transformation_mode : position of new elements among the old ones:
        "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
        "asymmetric", "tf_half_pixel_for_nn" or "tf_crop_and_resize"
    keep_aspect_ratio_policy : "stretch" to the sizes; "not_larger" or "not_smaller" to
        scale all axes alike, so that they fit into the sizes or fill them
    extrapolation_value : value of elements outside ``x``, for "tf_crop_and_resize"

    Returns
    -------
    y : [O...]
        O = floor(D * scale), or the size

    Raises
    ------
    ValueError
        If there is not one scale or size for each axis, an empty axis would grow, or a mode
        is unknown.

    ONNX: https://onnx.ai/onnx/operators/onnx__Resize.html
    """
    mode = coordinate_transformation_mode
    found = resized_axes(
        x.shape,
        *(hashable(roi), hashable(scales), hashable(sizes), axes),
        keep_aspect_ratio_policy,
    )
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
    y = _sum_of_corners(x, [axis.axis for axis in spatial], taps, unit)
    y = y.astype(x.dtype)
    for axis, place in zip(spatial, positions):
        fill_outside(y, axis.axis, outside(axis, place, mode), extrapolation_value)
    return y


def _with_neighbors(
    x: NDArray[Any], found: list[ResizedAxis], channels_last: bool
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
    x: NDArray[Any], axes: Sequence[int], taps: Sequence[Any], unit: int
) -> NDArray[Any]:
    """Return the weighted sum over the corners, in which the first of ``axes`` varies first.

    If ``unit`` is not 0, weights are integers in units of ``1 / unit``.
    """
    total: Any = 0
    for corner in product((0, 1), repeat=len(axes)):
        upper = corner[::-1]
        y, weight = x, np.asarray(1, np.int32 if unit else np.float32)
        for axis, (low, high, fraction), above in zip(axes, taps, upper):
            y = y.take(high if above else low, axis)
            if unit:
                whole = (low + fraction) * np.float32(unit)
                share = whole.astype(np.int32) - low.astype(np.int32) * unit
                part = share if above else unit - share
            else:
                part = fraction if above else 1 - fraction
                part = np.where(low == high, np.float32(0.5), part)
            weight = weight * part.reshape((-1,) + (1,) * (x.ndim - 1 - axis))
        total = total + weight * y.astype(weight.dtype)
    return np.trunc(total / unit ** len(axes)) if unit else np.asarray(total)
