"""Means and norms of windows."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ._conv_windows import Pads, pad_spatial
from ._norm import norm
from ._pool import pool_windows, pooling_axes, pooling_pads, torch_padding
from ._rounding import rounded_once


@rounded_once
def average_pool(
    x: Tensor,
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    ceil_mode: bool = False,
    count_include_pad: bool = False,
) -> Tensor:
    """Return the mean of each window: [N, C, D...] -> [N, C, O...]."""
    sizes, rank = x.shape[2:], len(kernel_shape)
    padding = torch_padding(pads, sizes, kernel_shape, strides, dilations)
    if padding is not None and max(dilations or (1,)) == 1:
        pool = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[rank - 1]
        step = strides or (1,) * rank
        return pool(x, kernel_shape, step, padding, ceil_mode, count_include_pad)
    axes = pooling_axes(sizes, kernel_shape, strides, pads, dilations, ceil_mode)
    counted = torch.ones_like(x[:1, :1])
    if count_include_pad:
        given = pooling_pads(pads, sizes, kernel_shape, strides)
        counted = pad_spatial(counted, given, value=1)
        axes_of_counted = [
            axis._replace(pad_begin=0, pad_end=axis.pad_end - end)
            for axis, end in zip(axes, given[rank:])
        ]
    else:
        axes_of_counted = axes
    total = pool_windows(x, axes, _sums, padding=0)
    return total / pool_windows(counted, axes_of_counted, _sums, padding=0)


def _sums(windows: Tensor) -> Tensor:
    return windows.sum(-1)


@rounded_once
def lp_pool(
    x: Tensor,
    *,
    kernel_shape: Sequence[int],
    p: float = 2,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """Return the ``p``-norm of each window: [N, C, D...] -> [N, C, O...]."""
    axes = pooling_axes(x.shape[2:], kernel_shape, strides, pads, dilations, ceil_mode)
    # The norm of a window is the norm of the norms of its rows.
    return pool_windows(x, axes, lambda windows: norm(windows, p, (-1,)), padding=0)


def global_average_pool(x: Tensor) -> Tensor:
    """Return the mean of each channel: [N, C, D...] -> [N, C, 1...]."""
    return x.mean(tuple(range(2, x.ndim)), keepdim=True) if x.ndim > 2 else x


@rounded_once
def global_lp_pool(x: Tensor, *, p: float = 2) -> Tensor:
    """Return the ``p``-norm of each channel: [N, C, D...] -> [N, C, 1...]."""
    axes = tuple(range(2, x.ndim))
    return torch.linalg.vector_norm(x, p, axes, keepdim=True) if axes else x.abs()


@rounded_once
def local_response_normalization(
    x: Tensor,
    *,
    size: int,
    alpha: float = 0.0001,
    beta: float = 0.75,
    bias: float = 1.0,
) -> Tensor:
    """Normalize each element by the ``size`` neighboring channels at its position."""
    before = (size - 1) // 2
    square = F.pad(x.square().movedim(1, -1), (before, size - 1 - before))
    mean = square.unfold(-1, size, 1).mean(-1).movedim(-1, 1)
    return x / (bias + alpha * mean) ** beta
