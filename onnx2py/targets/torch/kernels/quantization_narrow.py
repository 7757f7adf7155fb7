"""Linear quantization to small floats."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .arrays import astype
from .quantization import broadcast_parameter


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
