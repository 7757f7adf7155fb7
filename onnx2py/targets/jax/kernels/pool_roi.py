"""Pooling of regions of interest in images."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax


class Bins(NamedTuple):
    """The bins of R regions along an axis of ``size`` pixels, and the points of each bin."""

    start: Array
    length: Array
    counts: Array
    bins: int
    size: int

    def most(self) -> Any:
        """Return the largest number of points."""
        return jnp.max(self.counts, initial=0)

    def points(self, numbers: Array) -> tuple[list[tuple[Array, Array]], Array]:
        """Return both neighbors of each point and their weights, [R, bins, P], and [R, 1, P].

        The last says which points a region has. Those outside the image weigh 0.
        """
        dtype, step = self.start.dtype, self.length[:, None, None]
        count = self.counts[:, None, None]
        first = jnp.arange(self.bins).astype(dtype)[:, None] * step
        within = (numbers + 0.5).astype(dtype) * step
        within = within / jnp.maximum(count, 1).astype(dtype)
        place = self.start[:, None, None] + first + within
        inside = (place >= -1) & (place <= self.size)
        place = jnp.clip(place, 0, self.size - 1)
        low = lax.stop_gradient(place).astype(int)
        high = jnp.minimum(low + 1, self.size - 1)
        part = place - low.astype(dtype)
        return [(low, (1 - part) * inside), (high, part * inside)], numbers < count


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
    a point times their weights. A ``sampling_ratio`` of 0 is about one point per pixel: if
    regions are traced, their points are pooled one after the other, and have no gradient.
    """
    pixels = jnp.asarray(x, jnp.promote_types(x.dtype, jnp.float32))
    corners = rois.astype(pixels.dtype) * spatial_scale - (0.5 if half_pixel else 0)
    lengths = corners[:, 2:] - corners[:, :2]
    if not half_pixel:
        lengths = jnp.maximum(lengths, 1)
    bins = jnp.asarray((output_width, output_height), pixels.dtype)
    lengths = lengths / bins
    counts = jnp.maximum(jnp.ceil(lax.stop_gradient(lengths)), 0).astype(int)
    if sampling_ratio > 0:
        counts = jnp.full(counts.shape, sampling_ratio)
    columns, rows = (
        Bins(corners[:, i], lengths[:, i], counts[:, i], number, size)
        for i, number, size in (
            (0, output_width, x.shape[3]),
            (1, output_height, x.shape[2]),
        )
    )
    largest = mode == "max"
    y = _pooled(
        pixels, jnp.asarray(batch_indices), rows, columns, largest, sampling_ratio
    )
    count = (counts[:, 0] * counts[:, 1]).reshape(-1, 1, 1, 1)
    if not largest:
        y = y / jnp.maximum(count, 1).astype(y.dtype)
    return jnp.moveaxis(jnp.where(count > 0, y, 0), 3, 1).astype(x.dtype)


def _pooled(
    pixels: Array, images: Array, rows: Bins, columns: Bins, largest: bool, ratio: int
) -> Array:
    """Return the sum or the maximum of the points of each bin: [R, bins, bins, C]."""

    def pooled(row_numbers: Array, column_numbers: Array) -> Array:
        row_points, has_row = rows.points(row_numbers)
        column_points, has_column = columns.points(column_numbers)
        counted = has_row[:, :, None, :, None] & has_column[:, None, :, None, :]
        parts = [
            _near(pixels, images, row, column, row_weight, column_weight)
            for (row, row_weight), (column, column_weight) in product(
                row_points, column_points
            )
        ]
        if largest:
            y = jnp.stack(parts).max(0)
            y = jnp.where(counted[..., None], y, -jnp.inf)
            return y.max((3, 4), initial=-jnp.inf)
        y = sum(parts[1:], parts[0])
        return jnp.where(counted[..., None], y, 0).sum((3, 4))

    most = (ratio, ratio) if ratio > 0 else (rows.most(), columns.most())
    if not any(isinstance(number, jax.core.Tracer) for number in most):
        return pooled(jnp.arange(int(most[0])), jnp.arange(int(most[1])))

    def next_point(i: Array, total: Array) -> Array:
        each = pooled((i // most[1])[None], (i % most[1])[None])
        return jnp.maximum(total, each) if largest else total + each

    shape = (len(images), rows.bins, columns.bins, pixels.shape[1])
    empty = jnp.full(shape, -jnp.inf if largest else 0, pixels.dtype)
    y: Array = lax.fori_loop(0, most[0] * most[1], next_point, empty)
    return y


def _near(
    pixels: Array,
    images: Array,
    row: Array,
    column: Array,
    row_weight: Array,
    column_weight: Array,
) -> Array:
    """Return pixels next to points, times their weights: [R, bins, bins, P, P, C]."""
    image = images[:, None, None, None, None]
    near = pixels[image, :, row[:, :, None, :, None], column[:, None, :, None, :]]
    weight = row_weight[:, :, None, :, None] * column_weight[:, None, :, None, :]
    return near * weight[..., None]


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
