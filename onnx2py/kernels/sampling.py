"""Sampling a tensor at the points of a grid."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._precision import rounded_once
from .resize_linear import cubic_weights


def grid_sample(
    x: NDArray[Any],
    grid: NDArray[Any],
    *,
    mode: str = "linear",
    padding_mode: str = "zeros",
    align_corners: bool = False,
) -> NDArray[Any]:
    """Interpolate ``x`` at the points of a grid.

    N is the batch, C the channels, D... and O... r spatial axes each.

    Parameters
    ----------
    x : [N, C, D...]
    grid : float[N, O..., r]
        Points, the last axis of ``x`` first: -1 and 1 are the borders of ``x``.
    mode : "nearest", "linear" or "cubic"
    padding_mode : values outside: "zeros", the "border", or the "reflection" at it
    align_corners : whether borders are the centers of the outermost elements, not edges

    Returns
    -------
    y : [N, C, O...]

    Raises
    ------
    ValueError
        If ``mode`` or ``padding_mode`` is another one.

    ONNX: https://onnx.ai/onnx/operators/onnx__GridSample.html
    """
    lengths = x.shape[2:]
    count = prod(grid.shape[1:-1])
    points = np.moveaxis(grid, -1, 0)[::-1].reshape(len(lengths), len(grid), count)
    if points.dtype not in (np.float32, np.float64):
        points = points.astype(np.float32)
    taps = []
    for point, length in zip(points, lengths):
        place = _denormalized(point, length, align_corners)
        base = np.rint(place) if mode == "nearest" else np.floor(place)
        steps, weights = _neighbors(place - base, mode)
        taps.append(
            [
                (_held(base + step, length, padding_mode, align_corners), weight)
                for step, weight in zip(steps, weights)
            ]
        )
    flat = x.reshape(len(x), x.shape[1], prod(lengths))
    if padding_mode == "zeros":  # an additional element, for positions outside
        zero = np.zeros_like(flat, shape=(*flat.shape[:2], 1))
        zero = zero if x.dtype != object else np.full(zero.shape, "", object)
        flat = np.concatenate([flat, zero], 2)
    y = _weighted_sum(flat, lengths, taps, mode)
    return y.reshape(*x.shape[:2], *grid.shape[1:-1])


def _denormalized(
    point: NDArray[Any], length: int, align_corners: bool
) -> NDArray[Any]:
    """Convert positions from -1...1 to elements."""
    if align_corners:
        return (point + 1) / 2 * (length - 1)
    return ((point + 1) * length - 1) / 2


def _neighbors(fraction: NDArray[Any], mode: str) -> tuple[Sequence[int], Any]:
    """Return the offsets of the neighbors, and their weights.

    Raises
    ------
    ValueError
        If the mode is unknown.
    """
    if mode == "nearest":
        return (0,), (None,)
    if mode == "linear":
        return (0, 1), (1 - fraction, fraction)
    if mode != "cubic":
        raise ValueError(f"grid_sample: unknown mode {mode!r}")
    return (-1, 0, 1, 2), cubic_weights(fraction, fraction.dtype.type(-0.75))


def _held(
    index: NDArray[Any], length: int, padding_mode: str, align_corners: bool
) -> NDArray[Any]:
    """Map indices into the axis; with zero padding, return -1 for those outside.

    Raises
    ------
    ValueError
        If the padding mode is unknown.
    """
    if padding_mode == "zeros":
        inside = (index >= 0) & (index < length)
        return np.where(inside, index, -1).astype(np.intp)
    if padding_mode == "reflection":
        low, high = (0.0, length - 1.0) if align_corners else (-0.5, length - 0.5)
        index = _reflected(index, low, high)
    elif padding_mode != "border":
        raise ValueError(f"grid_sample: unknown padding mode {padding_mode!r}")
    return index.clip(0, length - 1).astype(np.intp)


def _reflected(place: NDArray[Any], low: float, high: float) -> NDArray[Any]:
    """Reflect positions at the bounds until they lie between them."""
    span = high - low
    if span <= 0:
        return np.zeros_like(place)
    beyond = np.maximum(low - place, place - high).clip(0)
    turns = np.trunc(beyond / span)
    rest = beyond - turns * span
    from_low = (place < low) == (turns % 2 == 0)
    mirrored = np.where(from_low, low + rest, high - rest)
    return np.where(beyond > 0, mirrored, place)


def _weighted_sum(
    flat: NDArray[Any], lengths: Sequence[int], taps: Sequence[Any], mode: str
) -> NDArray[Any]:
    """Sum the neighbors of each point, each times the product of its weights."""
    total: Any = None
    for corner in product(*taps):
        index, outside = np.zeros_like(corner[0][0]), False
        weight: Any = None
        for length, (held, share) in zip(lengths, corner):
            index = index * length + held
            outside = outside | (held < 0)
            weight = share if weight is None else weight * share
        index = np.where(outside, flat.shape[2] - 1, index)
        part = np.empty((*flat.shape[:2], index.shape[1]), flat.dtype)
        for image, i, out in zip(flat, index, part):
            image.take(i, 1, out=out, mode="clip")
        if mode == "nearest":
            return part
        part = part * weight[:, None]
        total = part if total is None else np.add(total, part, out=total)
    return np.asarray(total.astype(flat.dtype, copy=False))


@rounded_once
def affine_grid(
    theta: NDArray[Any],
    size: Sequence[int] | NDArray[Any],
    *,
    align_corners: bool = False,
) -> NDArray[Any]:
    """Return a grid of points between -1 and 1 after affine transformations.

    Parameters
    ----------
    theta : float[N, r, r + 1]
        r is 2 or 3; the last column is the translation.
    size : (N, C, O...) of the image to sample, with r axes O...
    align_corners : whether -1 and 1 are centers of the outermost elements, not edges

    Returns
    -------
    grid : float[N, O..., r]
        Points, the coordinate along the last axis first.

    ONNX: https://onnx.ai/onnx/operators/onnx__AffineGrid.html
    """
    lengths = [int(length) for length in size[2:]]
    axes = []
    for length in lengths:
        steps = np.arange(length, dtype=theta.dtype)
        if align_corners and length == 1:
            axes.append(steps + 1)  # the upper border, as in onnxruntime
        elif align_corners:
            axes.append(steps * theta.dtype.type(2 / (length - 1)) - 1)
        else:
            axes.append((2 * steps + 1) / theta.dtype.type(length) - 1)
    points = np.meshgrid(*axes, indexing="ij")[::-1]
    base = np.stack([*points, np.ones_like(points[0])], -1).reshape(-1, len(axes) + 1)
    grid: NDArray[Any] = np.matmul(base, theta.swapaxes(1, 2))
    grid = grid.astype(theta.dtype, copy=False)
    return grid.reshape(len(theta), *lengths, len(lengths))
