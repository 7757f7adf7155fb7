"""Pooling of regions of interest in images."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def roi_align(
    x: Tensor,
    rois: Tensor,
    batch_indices: Tensor,
    *,
    mode: str = "avg",
    output_height: int = 1,
    output_width: int = 1,
    sampling_ratio: int = 0,
    spatial_scale: float = 1.0,
    half_pixel: bool = True,
) -> Tensor:
    """Sample regions [R, 4] of [N, C, H, W] at regular points, and pool the points of each bin.

    ``mode`` is ``"avg"``, or ``"max"``, as in onnxruntime the maximum of the pixels next to
    a point times their weights. A ``sampling_ratio`` of 0 is about one point per pixel.
    """
    dtype = torch.float64 if x.dtype == torch.float64 else torch.float32
    corners = rois.to(dtype) * spatial_scale - (0.5 if half_pixel else 0)
    starts, lengths = corners[:, :2], corners[:, 2:] - corners[:, :2]
    if not half_pixel:
        lengths = lengths.clamp(min=1)
    pixels = x.to(dtype).transpose(0, 1)
    bins = x.new_tensor((output_width, output_height), dtype=dtype)
    options = (output_height, output_width, mode)
    if sampling_ratio > 0:
        counts = (sampling_ratio, sampling_ratio)
        y = _aligned(pixels, batch_indices, starts, lengths, counts, *options)
        return y.to(x.dtype)
    y = [
        _aligned(pixels, image[None], start[None], length[None], counts, *options)
        for image, start, length, counts in zip(
            batch_indices, starts, lengths, (lengths / bins).ceil().int().tolist()
        )
    ]
    none = pixels.new_zeros(0, x.shape[1], output_height, output_width)
    return torch.cat([none, *y]).to(x.dtype)


def _aligned(
    pixels: Tensor,
    batch_indices: Tensor,
    starts: Tensor,
    lengths: Tensor,
    counts: Sequence[int],
    height: int,
    width: int,
    mode: str,
) -> Tensor:
    """Return the bins of R regions of [C, N, H, W], of ``counts`` points along each axis."""
    if min(counts) < 1:
        return pixels.new_zeros(len(starts), len(pixels), height, width)
    columns = _sampled_points(
        starts[:, 0], lengths[:, 0], width, counts[0], pixels.shape[3]
    )
    rows = _sampled_points(
        starts[:, 1], lengths[:, 1], height, counts[1], pixels.shape[2]
    )
    image = batch_indices.long()[:, None, None, None, None]
    corners = [
        pixels[:, image, row[:, :, None, :, None], column[:, None, :, None]]
        * (row_weight[:, :, None, :, None] * column_weight[:, None, :, None])
        for row, row_weight in rows
        for column, column_weight in columns
    ]  # each [C, R, height, width, points, points]
    each = torch.stack(corners)
    y = each.amax((0, -2, -1)) if mode == "max" else each.sum(0).mean((-2, -1))
    return y.transpose(0, 1)


def _sampled_points(
    start: Tensor, length: Tensor, bins: int, points: int, size: int
) -> list[tuple[Tensor, Tensor]]:
    """Return both neighbors of each point along an axis and their weights: [R, bins, points].

    Points outside the image have weight 0.
    """
    bin_length = (length / bins)[:, None, None]
    offsets = torch.arange(points, device=start.device, dtype=start.dtype) + 0.5
    first = torch.arange(bins, device=start.device, dtype=start.dtype)[:, None]
    place = start[:, None, None] + first * bin_length + offsets * bin_length / points
    inside = (place >= -1) & (place <= size)
    place = place.clamp(0, size - 1)
    low = place.long()
    fraction = place - low
    high = (low + 1).clamp(max=size - 1)
    return [(low, (1 - fraction) * inside), (high, fraction * inside)]


def max_roi_pool(
    x: Tensor,
    rois: Tensor,
    *,
    pooled_shape: Sequence[int],
    spatial_scale: float = 1.0,
) -> Tensor:
    """Return the maximum of each bin of regions [R, 5] of [N, C, H, W]; 0 for an empty bin."""
    corners = rois[:, 1:].float() * spatial_scale
    corners = torch.trunc(corners + torch.copysign(corners.new_tensor(0.5), corners))
    rows = _pixel_bins(corners[:, 1], corners[:, 3], pooled_shape[0], x.shape[2])
    columns = _pixel_bins(corners[:, 0], corners[:, 2], pooled_shape[1], x.shape[3])
    y = [x.new_zeros(0, x.shape[1], *pooled_shape)]
    for image, row, column in zip(rois[:, 0].long(), rows, columns):
        pixels = x[image[None]]  # [1, C, H, W]
        low = -torch.inf
        lines = torch.where(row[:, :, None], pixels[:, :, None], low).amax(3)
        bins = torch.where(column, lines[:, :, :, None], low).amax(4)
        some = row.any(1)[:, None] & column.any(1)
        y.append(torch.where(some, bins, 0))
    return torch.cat(y)


def _pixel_bins(first: Tensor, last: Tensor, bins: int, size: int) -> Tensor:
    """Return which pixels are in each bin along an axis: bool[R, bins, size]."""
    step = (last - first + 1).clamp(min=1) / bins
    places = torch.arange(bins + 1, device=first.device) * step[:, None]
    begins = places[:, :-1].floor() + first[:, None]
    ends = places[:, 1:].ceil() + first[:, None]
    pixel = torch.arange(size, device=first.device)
    return (pixel >= begins[..., None]) & (pixel < ends[..., None])
