"""Max pooling and unpooling."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, prod

import torch
import torch.nn.functional as F
from torch import Tensor

from ._conv_windows import Pads
from ._ints import as_ints
from ._pool import pool_windows, pooling_axes, torch_padding


def max_pool(
    x: Tensor,
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """Return the maximum of each window: [N, C, D...] -> [N, C, O...]."""
    padding = torch_padding(pads, x.shape[2:], kernel_shape, strides, dilations)
    if padding is not None and x.is_floating_point():
        rank = len(kernel_shape)
        pool = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[rank - 1]
        step = strides or (1,) * rank
        return pool(x, kernel_shape, step, padding, dilations or 1, ceil_mode)
    axes = pooling_axes(x.shape[2:], kernel_shape, strides, pads, dilations, ceil_mode)
    return pool_windows(x, axes, lambda w: w.amax(-1), padding=_lowest(x.dtype))


def _lowest(dtype: torch.dtype) -> float:
    """Return the smallest number of a dtype."""
    return -inf if dtype.is_floating_point else int(torch.iinfo(dtype).min)


def max_pool_channels_last(
    x: Tensor,
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """Return the maximum of each window: [N, D..., C] -> [N, O..., C]."""
    y = max_pool(
        x.movedim(-1, 1),
        kernel_shape=kernel_shape,
        strides=strides,
        pads=pads,
        dilations=dilations,
        ceil_mode=ceil_mode,
    )
    return y.movedim(1, -1)


def max_pool_with_indices(
    x: Tensor,
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    ceil_mode: bool = False,
    storage_order: int = 0,
) -> tuple[Tensor, Tensor]:
    """Return the maximum of each window, and the index of its first occurrence in ``x``.

    Indices are row-major, or with ``storage_order`` 1 column-major in each channel.
    """
    sizes = x.shape[2:]
    axes = pooling_axes(sizes, kernel_shape, strides, pads, dilations, ceil_mode)
    places = torch.arange(prod(sizes), device=x.device)
    if storage_order:
        places = places.reshape(sizes[::-1]).permute(*range(len(sizes) - 1, -1, -1))
    windows, places = x, places.reshape(1, 1, *sizes)
    for number, axis in enumerate(axes, start=2):
        windows = axis.windows(windows, number, _lowest(x.dtype))
        places = axis.windows(places, number, -1)
    y, best = windows.flatten(-len(sizes)).max(-1)
    index = (
        places.flatten(-len(sizes)).expand(*best.shape, -1).gather(-1, best[..., None])
    )
    plane = torch.arange(prod(x.shape[:2]), device=x.device) * prod(sizes)
    return y, index[..., 0] + plane.reshape(*x.shape[:2], *[1] * len(sizes))


def max_unpool(
    x: Tensor,
    indices: Tensor,
    output_shape: Tensor | Sequence[int] | None = None,
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    pads: Sequence[int] | None = None,
) -> Tensor:
    """Write each element to the position that max pooling took it from, among zeros.

    Indices into the inferred shape [N, C, O...], rather than ``output_shape``, are found by
    whether they lie in their windows.
    """
    rank = len(kernel_shape)
    strides, pads = strides or (1,) * rank, pads or (0,) * (2 * rank)
    inferred = *x.shape[:2], *(
        stride * (size - 1) + k - begin - end
        for size, k, stride, begin, end in zip(
            x.shape[2:], kernel_shape, strides, pads[:rank], pads[rank:]
        )
    )
    shape = inferred if output_shape is None else tuple(as_ints(output_shape))
    if shape != inferred and all(a <= b for a, b in zip(inferred, shape)):
        windows = (kernel_shape, strides, pads[:rank])
        if not _lie_in_windows(indices, shape, *windows) and _lie_in_windows(
            indices, inferred, *windows
        ):
            indices = _raveled(_unraveled(indices, inferred), shape)
    y = x.new_zeros(prod(shape))
    return y.scatter(0, indices.reshape(-1), x.reshape(-1)).reshape(shape)


def _lie_in_windows(
    indices: Tensor,
    shape: Sequence[int],
    kernel_shape: Sequence[int],
    strides: Sequence[int],
    pads: Sequence[int],
) -> bool:
    """Return whether each index [N, C, D...] into ``shape`` is inside its own window."""
    inside = (indices >= 0) & (indices < prod(shape))
    windows = zip((1, 1, *kernel_shape), (1, 1, *strides), (0, 0, *pads))
    for axis, (place, (kernel, stride, pad)) in enumerate(
        zip(_unraveled(indices, shape), windows)
    ):
        first = torch.arange(indices.shape[axis], device=indices.device) * stride - pad
        offset = place - first.reshape(-1, *[1] * (indices.ndim - 1 - axis))
        inside = inside & (offset >= 0) & (offset < kernel)
    return bool(inside.all())


def _unraveled(indices: Tensor, shape: Sequence[int]) -> list[Tensor]:
    """Return the position along each axis of row-major indices."""
    places = []
    for length in reversed(shape):
        places.append(indices % length)
        indices = indices // length
    return places[::-1]


def _raveled(places: Sequence[Tensor], shape: Sequence[int]) -> Tensor:
    """Return row-major indices of positions along each axis."""
    index = torch.zeros_like(places[0])
    for place, length in zip(places, shape):
        index = index * length + place
    return index


def global_max_pool(x: Tensor) -> Tensor:
    """Return the maximum of each channel: [N, C, D...] -> [N, C, 1...]."""
    return x.amax(tuple(range(2, x.ndim)), keepdim=True) if x.ndim > 2 else x
