"""Resizing by linear and cubic interpolation."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._resize_axes import (
    Numbers,
    fill_outside,
    hashable,
    outside,
    resized_axes,
    source_positions,
)
from ._resize_taps import Taps, make_taps, resample


def resize_linear(
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
    """Resize ``x`` by linear interpolation between two neighbors along each axis.

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
    plan = _linear_plan(
        x.shape,
        *(hashable(roi), hashable(scales), hashable(sizes), axes),
        keep_aspect_ratio_policy,
        coordinate_transformation_mode,
    )
    return apply_taps(x, plan, extrapolation_value)


def resize_cubic(
    x: NDArray[Any],
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
) -> NDArray[Any]:
    """Resize ``x`` by cubic convolution of four neighbors along each axis.

    Parameters
    ----------
    x : [D...]
    roi : all starts, then all ends, as fractions; only for "tf_crop_and_resize"
    scales, sizes : one number per axis of ``axes``; either is None
    axes : the axes to resize; all by default
    coordinate_transformation_mode : position of new elements among the old ones:
        "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
        "asymmetric", "tf_half_pixel_for_nn" or "tf_crop_and_resize"
    cubic_coeff_a : the parameter of the cubic convolution
    exclude_outside : whether neighbors outside have weight 0; else the border is repeated
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
    plan = _cubic_plan(
        x.shape,
        *(hashable(roi), hashable(scales), hashable(sizes), axes),
        keep_aspect_ratio_policy,
        *(coordinate_transformation_mode, cubic_coeff_a, exclude_outside),
    )
    return apply_taps(x, plan, extrapolation_value)


def apply_taps(
    x: NDArray[Any], plan: list[Taps], extrapolation_value: float
) -> NDArray[Any]:
    """Resample each axis of the plan in float32 or float64; round for integer dtypes."""
    if not plan:
        return x
    y = x if x.dtype in (np.float32, np.float64) else x.astype(np.float32)
    finite = bool(np.isfinite(np.sum(y)))
    for taps in plan:
        y = resample(y, taps, finite)
    for taps in plan:
        fill_outside(y, taps.axis, taps.outside, extrapolation_value)
    if x.dtype.kind in "iu":
        info = np.iinfo(x.dtype)
        y = np.rint(y).clip(info.min, info.max)
    return y.astype(x.dtype, copy=False)


@lru_cache(maxsize=64)
def _linear_plan(
    shape: tuple[int, ...],
    roi: tuple[float, ...] | None,
    scales: tuple[float, ...] | None,
    sizes: tuple[float, ...] | None,
    axes: tuple[int, ...] | None,
    policy: str,
    mode: str,
) -> list[Taps]:
    plan = []
    for axis in reversed(resized_axes(shape, roi, scales, sizes, axes, policy)):
        positions = source_positions(axis, mode)
        low, high, weight = linear_neighbors(positions, axis.length)
        weight[low == high] = 0.5  # both have a weight: 0 would turn inf into NaN
        taps = (np.stack([low, high]), np.stack([1 - weight, weight]))
        beyond = outside(axis, positions, mode)
        plan.append(make_taps(axis.axis, axis.length, *taps, beyond))
    return plan


def linear_neighbors(
    positions: NDArray[Any], length: int
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return the indices below and above each position, and the weight of the one above."""
    held = positions.clip(0, length - 1)
    low = held.astype(np.intp)
    return low, np.minimum(low + 1, length - 1), held - low.astype(np.float32)


@lru_cache(maxsize=64)
def _cubic_plan(
    shape: tuple[int, ...],
    roi: tuple[float, ...] | None,
    scales: tuple[float, ...] | None,
    sizes: tuple[float, ...] | None,
    axes: tuple[int, ...] | None,
    policy: str,
    mode: str,
    a: float,
    exclude_outside: bool,
) -> list[Taps]:
    plan = []
    for axis in reversed(resized_axes(shape, roi, scales, sizes, axes, policy)):
        positions = source_positions(axis, mode)
        base = np.floor(positions)
        indices = base.astype(np.intp) + np.arange(-1, 3)[:, None]
        weights = cubic_weights(positions - base, np.float32(a))
        if exclude_outside:
            weights[(indices < 0) | (indices >= axis.length)] = 0
            weights /= weights.sum(0)
        held = indices.clip(0, axis.length - 1)
        beyond = outside(axis, positions, mode)
        plan.append(make_taps(axis.axis, axis.length, held, weights, beyond))
    return plan


def cubic_weights(fraction: NDArray[Any], a: Any) -> NDArray[Any]:
    """Return the weights of four neighbors: [...] -> [4, ...]; ``fraction`` is in [0, 1).

    Cubic convolution after Keys, https://ieeexplore.ieee.org/document/1163711
    """
    far = np.stack([fraction + 1, 2 - fraction])
    near = np.stack([fraction, 1 - fraction])
    far = ((far - 5) * far + 8) * far * a - 4 * a
    near = ((a + 2) * near - (a + 3)) * near * near + 1
    return np.stack([far[0], near[0], near[1], far[1]])
