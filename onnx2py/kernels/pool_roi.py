"""Pooling of regions of interest in images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def roi_align(
    x: NDArray[Any],
    rois: NDArray[Any],
    batch_indices: NDArray[np.int64],
    *,
    mode: str = "avg",
    output_height: int = 1,
    output_width: int = 1,
    sampling_ratio: int = 0,
    spatial_scale: float = 1.0,
    half_pixel: bool = True,
) -> NDArray[Any]:
    """Sample each region at points of a regular grid, and pool the points of each bin.

    Parameters
    ----------
    x : float[N, C, H, W]
    rois : float[R, 4]
        The corners (x1, y1, x2, y2) of each region, in pixels / ``spatial_scale``.
    batch_indices : int64[R]
        The image that each region lies in.
    mode : ``"avg"``, the mean of the interpolated points, or ``"max"``, as in onnxruntime
        the maximum of the pixels next to a point times their interpolation weights
    sampling_ratio : points per bin along each axis; 0 is about one per pixel
    half_pixel : whether coordinates start at the corner of the first pixel, rather than
        at its center with regions of at least one pixel

    Returns
    -------
    y : float[R, C, output_height, output_width]

    ONNX: https://onnx.ai/onnx/operators/onnx__RoiAlign.html
    """
    dtype: Any = np.float64 if x.dtype == np.float64 else np.float32
    corners = rois.astype(dtype) * dtype(spatial_scale)
    if half_pixel:
        corners -= dtype(0.5)
    lengths = corners[:, 2:] - corners[:, :2]
    if not half_pixel:
        lengths = np.maximum(lengths, dtype(1))

    y = np.zeros((len(rois), x.shape[1], output_height, output_width), dtype)
    for out, image, (x1, y1), (width, height) in zip(
        y, batch_indices, corners[:, :2], lengths
    ):
        rows = _sample_points(y1, height, output_height, sampling_ratio, x.shape[2])
        columns = _sample_points(x1, width, output_width, sampling_ratio, x.shape[3])
        if rows[0][0].size and columns[0][0].size:
            out[...] = _pool_points(x[image], rows, columns, mode)
    return y.astype(x.dtype, copy=False)


def _sample_points(
    start: Any, length: Any, bins: int, sampling_ratio: int, size: int
) -> list[tuple[NDArray[np.int64], NDArray[Any]]]:
    """Return, along one axis, both neighbors of each point and their weights.

    Each is [bins, points per bin]. Points outside the image have weight 0.
    """
    bin_length = length / start.dtype.type(bins)
    points = sampling_ratio if sampling_ratio > 0 else max(0, int(np.ceil(bin_length)))
    offsets = np.arange(points, dtype=start.dtype) + start.dtype.type(0.5)
    within = offsets * bin_length / start.dtype.type(max(points, 1))
    place = start + np.arange(bins, dtype=start.dtype)[:, None] * bin_length + within
    inside = (place >= -1) & (place <= size)
    place = np.clip(place, 0, size - 1)
    low = place.astype(np.int64)
    fraction = place - low.astype(place.dtype)
    high = np.minimum(low + 1, size - 1)
    return [(low, (1 - fraction) * inside), (high, fraction * inside)]


def _pool_points(
    image: NDArray[Any],
    rows: Sequence[tuple[NDArray[np.int64], NDArray[Any]]],
    columns: Sequence[tuple[NDArray[np.int64], NDArray[Any]]],
    mode: str,
) -> NDArray[Any]:
    """Return the pooled points of one region of a [C, H, W] image: [C, bins, bins]."""
    corners = [
        image[:, row[:, None, :, None], column[None, :, None, :]]
        * (row_weight[:, None, :, None] * column_weight[None, :, None, :])
        for row, row_weight in rows
        for column, column_weight in columns
    ]  # of each point: [C, bins, bins, points, points]
    if mode == "max":
        return np.asarray(np.max(corners, axis=(0, -2, -1)))
    return np.asarray(sum(corners[1:], corners[0]).mean(axis=(-2, -1)))


def max_roi_pool(
    x: NDArray[Any],
    rois: NDArray[Any],
    *,
    pooled_shape: Sequence[int],
    spatial_scale: float = 1.0,
) -> NDArray[Any]:
    """Return the maximum of each bin of each region; 0 for an empty bin.

    Parameters
    ----------
    x : float[N, C, H, W]
    rois : float[R, 5]
        The image, and the corners (x1, y1, x2, y2), in pixels / ``spatial_scale``.
    pooled_shape : (P, Q), the number of bins along H and W

    Returns
    -------
    y : float[R, C, P, Q]

    ONNX: https://onnx.ai/onnx/operators/onnx__MaxRoiPool.html
    """
    corners = rois[:, 1:].astype(np.float32) * np.float32(spatial_scale)
    corners = np.trunc(corners + np.copysign(np.float32(0.5), corners)).astype(int)
    y = np.zeros((len(rois), x.shape[1], *pooled_shape), x.dtype)
    for out, roi, (x1, y1, x2, y2) in zip(y, rois, corners):
        image = x[int(roi[0])]
        rows = _pixel_bins(y1, y2, pooled_shape[0], x.shape[2])
        columns = _pixel_bins(x1, x2, pooled_shape[1], x.shape[3])
        for p, row in enumerate(rows):
            for q, column in enumerate(columns):
                pixels = image[:, row, column]
                if pixels.size:
                    out[:, p, q] = pixels.max(axis=(1, 2))
    return y


def _pixel_bins(first: int, last: int, bins: int, size: int) -> list[slice]:
    """Return the pixels of each bin along one axis; bins may overlap by one."""
    step = np.float32(max(last - first + 1, 1)) / np.float32(bins)
    places = np.arange(bins + 1, dtype=np.float32) * step
    begins = np.clip(np.floor(places[:-1]).astype(int) + first, 0, size)
    ends = np.clip(np.ceil(places[1:]).astype(int) + first, 0, size)
    return [slice(b, max(b, e)) for b, e in zip(begins, ends)]
