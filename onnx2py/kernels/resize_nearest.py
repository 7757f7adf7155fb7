"""Resizing by copying the nearest element."""

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


def resize_nearest(
    x: NDArray[Any],
    roi: Numbers = None,
    scales: Numbers = None,
    sizes: Numbers = None,
    *,
    axes: tuple[int, ...] | None = None,
    coordinate_transformation_mode: str = "half_pixel",
    nearest_mode: str = "round_prefer_floor",
    keep_aspect_ratio_policy: str = "stretch",
    extrapolation_value: float = 0.0,
) -> NDArray[Any]:
    """Resize ``x``; each new element is a copy of the nearest old one.

    Parameters
    ----------
    x : [D...]
    roi : all starts, then all ends, as fractions; only for "tf_crop_and_resize"
    scales, sizes : one number per axis of ``axes``; either is None
    axes : the axes to resize; all by default
    nearest_mode : "round_prefer_floor", "round_prefer_ceil", "floor", "ceil", or
        "toward_zero", which rounds up to shrink, as before opset 11

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
    plan = _nearest_plan(
        x.shape,
        *(hashable(roi), hashable(scales), hashable(sizes), axes),
        keep_aspect_ratio_policy,
        coordinate_transformation_mode,
        nearest_mode,
    )
    y = x
    for axis, factor, indices, _ in plan:
        if not factor:
            y = y.take(indices, axis)
        elif axis < x.ndim - 1:
            y = y.repeat(factor, axis)
        else:
            y = _repeat_last(y, factor)
    for axis, _, _, elements in plan:
        fill_outside(y, axis, elements, extrapolation_value)
    return y


def _repeat_last(x: NDArray[Any], factor: int) -> NDArray[Any]:
    """Repeat along the last axis, twice as fast as np.repeat, which copies single elements."""
    y = np.empty((*x.shape, factor), x.dtype)
    for i in range(factor):
        y[..., i] = x
    return y.reshape(*x.shape[:-1], x.shape[-1] * factor)


@lru_cache(maxsize=64)
def _nearest_plan(
    shape: tuple[int, ...],
    roi: tuple[float, ...] | None,
    scales: tuple[float, ...] | None,
    sizes: tuple[float, ...] | None,
    axes: tuple[int, ...] | None,
    policy: str,
    mode: str,
    rounding: str,
) -> list[tuple[int, int, NDArray[Any], Any]]:
    """Return, per axis (last first), the factor or 0, the old indices, and those outside."""
    plan = []
    for axis in reversed(resized_axes(shape, roi, scales, sizes, axes, policy)):
        positions = source_positions(axis, mode)
        indices = _nearest_indices(axis, positions, rounding)
        factor = axis.out_length // max(axis.length, 1)
        whole = np.arange(axis.length * factor) // max(factor, 1)
        if not np.array_equal(indices, whole) or factor > 8:
            factor = 0
        plan.append((axis.axis, factor, indices, outside(axis, positions, mode)))
    return plan


def _nearest_indices(
    axis: ResizedAxis, positions: NDArray[Any], rounding: str
) -> NDArray[Any]:
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
    return rounded.clip(0, axis.length - 1).astype(np.intp)
