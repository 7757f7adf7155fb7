"""Crops of images, resized."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._ints import as_ints
from ._precision import rounded_once


@rounded_once
def crop_and_resize(
    x: NDArray[Any],
    rois: NDArray[Any],
    batch_indices: NDArray[Any],
    crop_size: Any,
    *,
    mode: str = "bilinear",
    extrapolation_value: float = 0.0,
) -> NDArray[Any]:
    """Crop boxes from images and resize them to one size, with aligned corners.

    Parameters
    ----------
    x : [N, C, H, W]
    rois : [R, 4]
        y1, x1, y2, x2 as fractions of H - 1 and W - 1.
    batch_indices : int32[R]
        The image of each box.
    crop_size : height and width of the result
    mode : "bilinear" or "nearest"
    extrapolation_value : value of pixels outside the image

    Returns
    -------
    y : [R, C, height, width]

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.CropAndResize
    """
    height, width = as_ints(crop_size)
    ys = _sampled(rois[:, 0], rois[:, 2], x.shape[2], height)[:, :, None]
    xs = _sampled(rois[:, 1], rois[:, 3], x.shape[3], width)[:, None, :]
    inside = (ys >= 0) & (ys <= x.shape[2] - 1) & (xs >= 0) & (xs <= x.shape[3] - 1)
    ys, xs = np.where(inside, ys, 0), np.where(inside, xs, 0)
    image = batch_indices[:, None, None]
    # Indexing with a slice in between puts the channels last: [R, height, width, C].
    if mode == "nearest":
        rows, columns = (np.floor(place + 0.5).astype(np.intp) for place in (ys, xs))
        y = x[image, :, rows, columns]
    else:
        (top, left), (bottom, right) = (
            [ends(place).astype(np.intp) for place in (ys, xs)]
            for ends in (np.floor, np.ceil)
        )
        down, across = (ys - top)[..., None], (xs - left)[..., None]
        down, across = down.astype(x.dtype), across.astype(x.dtype)
        upper, lower = (
            x[image, :, row, left] * (1 - across) + x[image, :, row, right] * across
            for row in (top, bottom)
        )
        y = upper * (1 - down) + lower * down
    y = np.where(inside[..., None], y, x.dtype.type(extrapolation_value))
    return np.ascontiguousarray(np.moveaxis(y, 3, 1))


def _sampled(
    first: NDArray[Any], last: NDArray[Any], size: int, count: int
) -> NDArray[Any]:
    """Return the sampled positions on an axis of ``size`` elements: [R] -> [R, count]."""
    first, last = first[:, None], last[:, None]
    if count == 1:
        return np.asarray((first + last) * first.dtype.type(0.5) * (size - 1))
    step = (last - first) * (size - 1) / first.dtype.type(count - 1)
    places = first * (size - 1) + np.arange(count, dtype=first.dtype) * step
    places[:, -1:] = last * (size - 1)
    return np.asarray(places)
