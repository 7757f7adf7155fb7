"""Deformable convolution."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._precision import widened
from .conv import multiply_windows


def deform_conv(
    x: NDArray[Any],
    weight: NDArray[Any],
    offset: NDArray[Any],
    bias: NDArray[Any] | None = None,
    mask: NDArray[Any] | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Sequence[int] | None = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
    offset_group: int = 1,
) -> NDArray[Any]:
    """Cross-correlate ``x``, sampled at offset positions, with ``weight``.

    Parameters
    ----------
    x : float[N, C, D...]
    weight : float[M, C / group, K...]
    offset : float[N, offset_group * prod(K...) * R, O...]
        Offset of each position in each window along each of the R axes, in elements.
    bias : float[M], optional
    mask : float[N, offset_group * prod(K...), O...], optional
        Factor of each sampled element.
    strides, dilations : one int per spatial axis, in elements; 1 by default
    pads : elements added before each spatial axis, then after each; 0 by default
    group : number of channel groups, which are convolved separately
    offset_group : number of channel groups that share offsets

    Returns
    -------
    y : float[N, M, O...]
        O = (D + pad_begin + pad_end - dilation * (K - 1) - 1) // stride + 1

    ONNX: https://onnx.ai/onnx/operators/onnx__DeformConv.html
    """
    dtype = x.dtype
    x, weight, offset = widened(x), widened(weight), widened(offset)
    n, c, *sizes = x.shape
    kernel_shape, out_shape = weight.shape[2:], offset.shape[2:]
    rank = len(sizes)
    moves = offset.reshape(n, offset_group, *kernel_shape, rank, *out_shape)
    places = [
        move + regular.astype(x.dtype)
        for move, regular in zip(
            np.moveaxis(moves, 2 + rank, 0),
            _regular_places(kernel_shape, out_shape, strides, pads, dilations),
        )
    ]  # along each axis: [N, offset_group, K..., O...]
    found = _interpolate(
        x.reshape(n, offset_group, c // offset_group, prod(sizes)),
        [place.reshape(n, offset_group, 1, prod(place.shape[2:])) for place in places],
        sizes,
    )
    if mask is not None:
        found = found * mask.reshape(n, offset_group, 1, found.shape[3]).astype(
            x.dtype, copy=False
        )
    windows = found.reshape(n, c, *kernel_shape, *out_shape)
    y = multiply_windows(windows, weight, group)
    if bias is not None:
        y += bias.reshape(-1, *[1] * rank)
    return y.astype(dtype, copy=False)


def _regular_places(
    kernel_shape: Sequence[int],
    out_shape: Sequence[int],
    strides: Sequence[int] | None,
    pads: Sequence[int] | None,
    dilations: Sequence[int] | None,
) -> list[NDArray[np.int64]]:
    """Return the positions of windows along each axis without offsets, for [K..., O...]."""
    rank = len(kernel_shape)
    strides = strides or (1,) * rank
    pads = pads or (0,) * (2 * rank)
    dilations = dilations or (1,) * rank
    found = []
    for axis in range(rank):
        inside = np.arange(kernel_shape[axis]) * dilations[axis]
        across = np.arange(out_shape[axis]) * strides[axis] - pads[axis]
        shape = [1] * (2 * rank)
        shape[axis], shape[rank + axis] = kernel_shape[axis], out_shape[axis]
        found.append(np.add.outer(inside, across).reshape(shape))
    return found


def _interpolate(
    x: NDArray[Any], places: Sequence[NDArray[Any]], sizes: Sequence[int]
) -> NDArray[Any]:
    """Sample [..., C, prod(D...)] at fractional positions [..., 1, P]; 0 outside the image."""
    lows = [np.floor(place) for place in places]
    total = np.zeros(x.shape[:-1] + places[0].shape[-1:], x.dtype)
    for corner in np.ndindex(*[2] * len(sizes)):
        index: Any = 0
        share: Any = 1
        for step, low, place, size in zip(corner, lows, places, sizes):
            near = low + x.dtype.type(step)
            inside = (near >= 0) & (near < size)
            index = index * size + np.where(inside, near, 0).astype(np.int64)
            share = share * ((1 - np.abs(place - near)) * inside)
        total += np.take_along_axis(x, index, axis=-1) * share
    return total
