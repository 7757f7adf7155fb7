"""Average pooling of 8-bit integers that represent ``scale * (integer - zero_point)``."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Union

import torch
from torch import Tensor

from ._conv_windows import Pads
from ._pool import pool_windows, pooling_axes
from .conv_integer import as_scale, less_zero_point
from .matmul_integer import requantize
from .pool import average_pool

Parameter = Union[Tensor, float]


def qlinear_average_pool(
    x: Tensor,
    x_scale: Parameter,
    x_zero_point: Parameter,
    y_scale: Parameter,
    y_zero_point: Parameter,
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    ceil_mode: bool = False,
    count_include_pad: bool = False,
    channels_last: bool = False,
) -> Tensor:
    """Return the requantized mean of each window.

    Parameters
    ----------
    x : int8 or uint8, [N, C, D...], or [N, D..., C] if ``channels_last``
    kernel_shape : K..., the length of the window along each spatial axis, in elements
    strides, dilations : one int per spatial axis, in elements; 1 by default
    pads : elements added before each spatial axis, then after each; 0 by default.
        ``"SAME_UPPER"`` or ``"SAME_LOWER"``: chosen such that O = ceil(D / stride).
    ceil_mode : whether the division below rounds up. A window that would start in the
        padding at the end is dropped.
    count_include_pad : whether padding counts as zeros. As in onnxruntime, elements that
        ``ceil_mode`` adds beyond the padding count as well.

    Returns
    -------
    y : of the dtype of ``x`` [N, C, O...], or [N, O..., C] if ``channels_last``
        Rounded half to even and saturated.
    """
    real = less_zero_point(x.movedim(-1, 1) if channels_last else x, x_zero_point)
    if count_include_pad:
        sizes = real.shape[2:]
        axes = pooling_axes(sizes, kernel_shape, strides, pads, dilations, ceil_mode)
        y = pool_windows(real, axes, _sums, padding=0) / prod(kernel_shape)
    else:
        y = average_pool(
            real,
            kernel_shape=kernel_shape,
            strides=strides,
            pads=pads,
            dilations=dilations,
            ceil_mode=ceil_mode,
        )
    scale = as_scale(x_scale, x) / as_scale(y_scale, x)
    zero_point = torch.as_tensor(y_zero_point, dtype=x.dtype, device=x.device)
    y = requantize(y, scale, zero_point)
    return y.movedim(1, -1) if channels_last else y


def _sums(windows: Tensor) -> Tensor:
    return windows.sum(-1)


def qlinear_global_average_pool(
    x: Tensor,
    x_scale: Parameter,
    x_zero_point: Parameter,
    y_scale: Parameter,
    y_zero_point: Parameter,
    *,
    channels_last: bool = False,
) -> Tensor:
    """Return the requantized mean of each channel.

    Parameters
    ----------
    x : int8 or uint8, [N, C, D...], or [N, D..., C] if ``channels_last``

    Returns
    -------
    y : of the dtype of ``x`` [N, C, 1...], or [N, 1..., C] if ``channels_last``
        Rounded half to even and saturated.
    """
    axes = tuple(range(1, x.ndim - 1) if channels_last else range(2, x.ndim))
    total = less_zero_point(x, x_zero_point).sum(axes, keepdim=True)
    count = prod([x.shape[axis] for axis in axes])
    scale = as_scale(x_scale, x) / (as_scale(y_scale, x) * count)
    zero_point = torch.as_tensor(y_zero_point, dtype=x.dtype, device=x.device)
    return requantize(total, scale, zero_point)
