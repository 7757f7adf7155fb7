"""Crops of images, resized."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array

from ._ints import as_ints
from ._rounding import rounded_once


@rounded_once
def crop_and_resize(
    x: Array,
    rois: Array,
    batch_indices: Array,
    crop_size: Any,
    *,
    mode: str = "bilinear",
    extrapolation_value: float = 0.0,
) -> Array:
    """Crop boxes [R, 4] from images [N, C, H, W], and resize them to one size.

    Boxes are y1, x1, y2, x2 as fractions of H - 1 and W - 1; corners are aligned.
    """
    height, width = as_ints(crop_size)
    ys = _sampled(rois[:, 0], rois[:, 2], x.shape[2], height)[:, :, None]
    xs = _sampled(rois[:, 1], rois[:, 3], x.shape[3], width)[:, None, :]
    inside = (ys >= 0) & (ys <= x.shape[2] - 1) & (xs >= 0) & (xs <= x.shape[3] - 1)
    ys, xs = jnp.where(inside, ys, 0), jnp.where(inside, xs, 0)
    image, pixels = jnp.asarray(batch_indices)[:, None, None], jnp.moveaxis(x, 1, -1)
    if mode == "nearest":
        rows, columns = (jnp.floor(place + 0.5).astype(int) for place in (ys, xs))
        y = pixels[image, rows, columns]
    else:
        (top, left), (bottom, right) = (
            [ends(place).astype(int) for place in (ys, xs)]
            for ends in (jnp.floor, jnp.ceil)
        )
        down, across = (ys - top)[..., None], (xs - left)[..., None]
        down, across = down.astype(x.dtype), across.astype(x.dtype)
        upper, lower = (
            pixels[image, row, left] * (1 - across) + pixels[image, row, right] * across
            for row in (top, bottom)
        )
        y = upper * (1 - down) + lower * down
    y = jnp.where(inside[..., None], y, jnp.asarray(extrapolation_value, x.dtype))
    return jnp.moveaxis(y, 3, 1)


def _sampled(first: Array, last: Array, size: int, count: int) -> Array:
    """Return the sampled positions on an axis of ``size`` elements: [R] -> [R, count]."""
    first, last = first[:, None], last[:, None]
    if count == 1:
        return (first + last) * 0.5 * (size - 1)
    step = (last - first) * (size - 1) / (count - 1)
    places = jnp.arange(count - 1).astype(first.dtype)
    return jnp.concatenate((first * (size - 1) + places * step, last * (size - 1)), 1)
