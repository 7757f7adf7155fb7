"""Linear quantization to integers of four bits or less, and to small floats."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ._narrow import RANGES
from .arrays import astype
from .quantization import as_float, broadcast_parameter, rounded


def quantize_linear_narrow(
    x: Tensor,
    y_scale: Tensor,
    y_zero_point: Tensor | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    dtype: Any,
    precision: Any = torch.float32,
) -> Tensor:
    """Return ``x / y_scale + y_zero_point`` as 2-bit or 4-bit integers.

    Parameters
    ----------
    x : [...]
    y_scale, y_zero_point : [], [1], [length of ``axis``], or of the rank of ``x``
    block_size : elements of ``axis`` that share a scale, if its rank is that of ``x``
    dtype : int4, uint4, int2 or uint2, by its name
    precision : dtype of the division; that of ``y_scale`` if None

    Raises
    ------
    ValueError
        If a scale or zero point with several numbers has neither one axis nor those of ``x``.
    """
    low, high = RANGES[dtype]
    scale = broadcast_parameter(y_scale, x.shape, axis, block_size)
    steps = rounded(x, scale, precision)
    if y_zero_point is not None:
        steps = steps + as_float(
            broadcast_parameter(y_zero_point, x.shape, axis, block_size)
        )
    steps = steps.nan_to_num(low).clamp(low, high)
    return steps.to(torch.int8 if low else torch.uint8)


def quantize_linear_to_float(
    x: Tensor,
    y_scale: Tensor,
    y_zero_point: Tensor | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    dtype: torch.dtype,
    precision: Any = torch.float32,
    saturate: bool = True,
) -> Tensor:
    """Return ``x / y_scale + y_zero_point`` as 8-bit floats.

    Parameters
    ----------
    x : [...]
    y_scale, y_zero_point : [], [1], [length of ``axis``], or of the rank of ``x``
    block_size : elements of ``axis`` that share a scale, if its rank is that of ``x``
    dtype : a float8 type
    precision : dtype of the division; that of ``y_scale`` if None
    saturate : whether numbers out of range become the largest number, not infinity or NaN

    Raises
    ------
    ValueError
        If a scale or zero point with several numbers has neither one axis nor those of ``x``.
    """
    scale = broadcast_parameter(y_scale, x.shape, axis, block_size)
    kind = precision or scale.dtype
    y = (x.to(kind) / scale.to(kind)).float()
    if y_zero_point is not None:
        y = y + broadcast_parameter(y_zero_point, x.shape, axis, block_size).float()
    largest = torch.finfo(dtype).max
    return astype(y.clamp(-largest, largest) if saturate else y, dtype)
