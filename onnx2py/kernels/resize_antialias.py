"""Antialiased resizing: linear and cubic interpolation with filters widened to shrink."""

from __future__ import annotations

from functools import lru_cache
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
from ._resize_taps import Taps, make_taps
from .resize_linear import apply_taps

_ONE = 1 << 22  # the fixed-point weight 1 for bytes, which are summed as integers


def resize_antialiased(
    x: NDArray[Any],
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
) -> NDArray[Any]:
    """Resize ``x``; each new element is a weighted sum of all elements that it covers.

    Parameters
    ----------
    x : [D...]
    roi : all starts, then all ends, as fractions; only for "tf_crop_and_resize"
    scales, sizes : one number per axis of ``axes``; either is None
    axes : the axes to resize; all by default
    cubic_coeff_a : the parameter of cubic convolution; linear interpolation if None
    exclude_outside : whether neighbors outside have weight 0; else the border is repeated

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
    plan = _antialias_plan(
        x.shape,
        *(hashable(roi), hashable(scales), hashable(sizes), axes),
        keep_aspect_ratio_policy,
        *(coordinate_transformation_mode, cubic_coeff_a, exclude_outside),
    )
    if x.dtype.kind not in "iu":
        return apply_taps(x, plan, extrapolation_value)
    y = x
    for taps in plan:
        y = _resample_integers(y, taps)
    for taps in plan:
        fill_outside(y, taps.axis, taps.outside, extrapolation_value)
    return y


def _resample_integers(x: NDArray[Any], taps: Taps) -> NDArray[Any]:
    """Replace one axis by weighted sums, rounded and saturated to the range of the dtype."""
    matrix = np.zeros((taps.indices.shape[1], taps.length))
    weights = taps.weights.astype(np.float64)
    if x.dtype.itemsize == 1:
        weights = np.floor(weights * _ONE + 0.5)
    np.add.at(matrix, (np.arange(len(matrix)), taps.indices), weights)
    # float64 represents these sums of integers exactly, and its product is fast.
    rows = np.moveaxis(x, taps.axis, -1).astype(np.float64)
    y = np.matmul(rows, matrix.T)
    if x.dtype.itemsize == 1:
        y /= _ONE
    y = np.trunc(y + np.copysign(0.5, y))
    info = np.iinfo(x.dtype)
    y = y.clip(info.min, info.max).astype(x.dtype)
    return np.moveaxis(y, -1, taps.axis)


@lru_cache(maxsize=64)
def _antialias_plan(
    shape: tuple[int, ...],
    roi: tuple[float, ...] | None,
    scales: tuple[float, ...] | None,
    sizes: tuple[float, ...] | None,
    axes: tuple[int, ...] | None,
    policy: str,
    mode: str,
    a: float | None,
    exclude_outside: bool,
) -> list[Taps]:
    plan = []
    for axis in reversed(resized_axes(shape, roi, scales, sizes, axes, policy)):
        if axis.out_length == axis.length:
            continue
        positions = source_positions(axis, mode)
        indices, weights = _widened_filter(axis, positions, a, exclude_outside)
        beyond = outside(axis, positions, mode)
        plan.append(make_taps(axis.axis, axis.length, indices, weights, beyond))
    return plan


def _widened_filter(
    axis: ResizedAxis, positions: NDArray[Any], a: float | None, exclude: bool
) -> tuple[NDArray[Any], NDArray[Any]]:
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
    return indices.clip(0, axis.length - 1).astype(np.intp), weights


def _triangle(distance: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(np.maximum(1 - distance, np.float32(0)))


def _keys(distance: NDArray[Any], a: Any) -> NDArray[Any]:
    """Return Keys' cubic convolution kernel, https://ieeexplore.ieee.org/document/1163711"""
    near = ((a + 2) * distance - (a + 3)) * distance * distance + 1
    far = (((distance - 5) * distance + 8) * distance - 4) * a
    return np.where(distance < 1, near, np.where(distance < 2, far, np.float32(0)))
