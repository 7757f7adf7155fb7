"""Crops of images, resized."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ._ints import as_ints
from ._rounding import rounded_once


@rounded_once
def crop_and_resize(
    x: Tensor,
    rois: Tensor,
    batch_indices: Tensor,
    crop_size: Any,
    *,
    mode: str = "bilinear",
    extrapolation_value: float = 0.0,
) -> Tensor:
    """Crop boxes [R, 4] from images [N, C, H, W], and resize them to one size.

    Boxes are y1, x1, y2, x2 as fractions of H - 1 and W - 1; corners are aligned.
    """
    height, width = as_ints(crop_size)
    ys = _sampled(rois[:, 0], rois[:, 2], x.shape[2], height)[:, :, None]
    xs = _sampled(rois[:, 1], rois[:, 3], x.shape[3], width)[:, None, :]
    inside = (ys >= 0) & (ys <= x.shape[2] - 1) & (xs >= 0) & (xs <= x.shape[3] - 1)
    ys, xs = torch.where(inside, ys, 0), torch.where(inside, xs, 0)
    image, pixels = batch_indices.long()[:, None, None], x.movedim(1, -1)
    if mode == "nearest":
        y = pixels[image, (ys + 0.5).long(), (xs + 0.5).long()]
    else:
        top, left, bottom, right = ys.floor(), xs.floor(), ys.ceil(), xs.ceil()
        down, across = (ys - top)[..., None], (xs - left)[..., None]
        down, across = down.to(x.dtype), across.to(x.dtype)
        upper, lower = (
            pixels[image, row.long(), left.long()] * (1 - across)
            + pixels[image, row.long(), right.long()] * across
            for row in (top, bottom)
        )
        y = upper * (1 - down) + lower * down
    return (
        torch.where(inside[..., None], y, extrapolation_value).to(x.dtype).movedim(3, 1)
    )


def _sampled(first: Tensor, last: Tensor, size: int, count: int) -> Tensor:
    """Return the sampled positions on an axis of ``size`` elements: [R] -> [R, count]."""
    first, last = first[:, None], last[:, None]
    if count == 1:
        return (first + last) * 0.5 * (size - 1)
    step = (last - first) * (size - 1) / (count - 1)
    places = torch.arange(count - 1, dtype=first.dtype, device=first.device)
    return torch.cat((first * (size - 1) + places * step, last * (size - 1)), 1)
