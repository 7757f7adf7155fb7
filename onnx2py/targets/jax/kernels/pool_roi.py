"""Pooling of regions of interest in images."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from ._ints import as_ints


class Points(NamedTuple):
    """Points along one axis, [R, bins, P]: the pixels at both sides, and their weights."""

    low: Array
    high: Array
    low_weight: Array
    high_weight: Array
    counted: Array
    """Which of the P points a region has: [R, 1, P]."""


def roi_align(
    x: Array,
    rois: Array,
    batch_indices: Array,
    *,
    mode: str = "avg",
    output_height: int = 1,
    output_width: int = 1,
    sampling_ratio: int = 0,
    spatial_scale: float = 1.0,
    half_pixel: bool = True,
) -> Array:
    """Sample regions [R, 4] of [N, C, H, W] at regular points, and pool the points of each bin.

    ``mode`` is ``"avg"``, or ``"max"``, as in onnxruntime the maximum of the pixels next to
    a point times their weights. A ``sampling_ratio`` of 0 is about one point per pixel: then
    the regions decide shapes, and cannot be traced.
    """
    pixels = jnp.asarray(x, jnp.promote_types(x.dtype, jnp.float32))
    corners = rois.astype(pixels.dtype) * spatial_scale - (0.5 if half_pixel else 0)
    starts, lengths = corners[:, :2], corners[:, 2:] - corners[:, :2]
    if not half_pixel:
        lengths = jnp.maximum(lengths, 1)
    columns, rows = (
        _points(starts[:, i], lengths[:, i], bins, sampling_ratio, size)
        for i, (bins, size) in enumerate(
            ((output_width, x.shape[3]), (output_height, x.shape[2]))
        )
    )
    y = _pooled(pixels, batch_indices, rows, columns, mode)
    return jnp.moveaxis(y, 3, 1).astype(x.dtype)


def _points(
    start: Array, length: Array, bins: int, sampling_ratio: int, size: int
) -> Points:
    """Return the points of R regions along an axis; those outside the image weigh 0."""
    bin_length = length / bins
    if sampling_ratio > 0:
        points, counts = sampling_ratio, jnp.full(length.shape, sampling_ratio)
    else:
        counts = jnp.maximum(jnp.ceil(bin_length), 0).astype(int)
        points = max(as_ints(counts), default=0)
    bin_length = bin_length[:, None, None]
    steps = jnp.arange(points)
    first = jnp.arange(bins).astype(start.dtype)[:, None] * bin_length
    within = (steps + 0.5).astype(start.dtype) * bin_length
    within = within / jnp.maximum(counts, 1).astype(start.dtype)[:, None, None]
    place = start[:, None, None] + first + within
    inside = (place >= -1) & (place <= size)
    place = jnp.clip(place, 0, size - 1)
    low = lax.stop_gradient(place).astype(int)
    fraction = place - low.astype(place.dtype)
    return Points(
        low,
        jnp.minimum(low + 1, size - 1),
        (1 - fraction) * inside,
        fraction * inside,
        steps < counts[:, None, None],
    )


def _pooled(
    pixels: Array, batch_indices: Array, rows: Points, columns: Points, mode: str
) -> Array:
    """Return the pooled points of R regions of [N, C, H, W]: [R, bins, bins, C]."""
    image = jnp.asarray(batch_indices)[:, None, None, None, None]
    counted = (
        rows.counted[:, :, None, :, None] & columns.counted[:, None, :, None, :]
    )[..., None]
    parts = []
    for (row, row_weight), (column, column_weight) in product(
        *(((p.low, p.low_weight), (p.high, p.high_weight)) for p in (rows, columns))
    ):
        near = pixels[image, :, row[:, :, None, :, None], column[:, None, :, None, :]]
        weight = row_weight[:, :, None, :, None] * column_weight[:, None, :, None, :]
        parts.append(near * weight[..., None])  # [R, bins, bins, P, P, C]
    count = counted.sum((3, 4))
    if mode == "max":
        most = jnp.stack(parts).max(0, initial=-jnp.inf)
        y = jnp.where(counted, most, -jnp.inf).max((3, 4), initial=-jnp.inf)
    else:
        y = jnp.where(counted, sum(parts[1:], parts[0]), 0).sum((3, 4))
        y = y / jnp.maximum(count, 1).astype(y.dtype)
    return jnp.where(count > 0, y, 0)


def max_roi_pool(
    x: Array,
    rois: Array,
    *,
    pooled_shape: Sequence[int],
    spatial_scale: float = 1.0,
) -> Array:
    """Return the maximum of each bin of regions [R, 5] of [N, C, H, W]; 0 for an empty bin."""
    x, rois = jnp.asarray(x), jnp.asarray(rois)
    corners = rois[:, 1:].astype(jnp.float32) * spatial_scale
    corners = jnp.trunc(corners + jnp.copysign(jnp.float32(0.5), corners))
    rows = _pixel_bins(corners[:, 1], corners[:, 3], pooled_shape[0], x.shape[2])
    columns = _pixel_bins(corners[:, 0], corners[:, 2], pooled_shape[1], x.shape[3])
    low = jnp.asarray(-jnp.inf, x.dtype)

    def pooled(region: tuple[Array, Array, Array]) -> Array:
        image, row, column = region
        pixels = x[image][:, None]  # [C, 1, H, W]
        lines = jnp.where(row[:, :, None], pixels, low).max(2)[:, :, None]
        bins = jnp.where(column, lines, low).max(3)
        some = row.any(1)[:, None] & column.any(1)
        return jnp.where(some, bins, 0)

    y: Array = lax.map(pooled, (rois[:, 0].astype(int), rows, columns))
    return y


def _pixel_bins(first: Array, last: Array, bins: int, size: int) -> Array:
    """Return which pixels are in each bin along an axis: bool[R, bins, size]."""
    step = jnp.maximum(last - first + 1, 1) / bins
    places = jnp.arange(bins + 1) * step[:, None]
    begins = jnp.floor(places[:, :-1]) + first[:, None]
    ends = jnp.ceil(places[:, 1:]) + first[:, None]
    pixel = jnp.arange(size)
    return (pixel >= begins[..., None]) & (pixel < ends[..., None])
