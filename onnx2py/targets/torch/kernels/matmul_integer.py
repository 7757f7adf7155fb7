"""Exact matrix products of 8-bit integers.

PyTorch has fast products of floats alone, and float64 holds every sum, whatever rounds
float32: autocast, or TF32 on GPUs.
"""

from __future__ import annotations

import torch
from torch import Tensor


def matmul_integer(
    a: Tensor,
    b: Tensor,
    a_zero_point: Tensor | None = None,
    b_zero_point: Tensor | None = None,
) -> Tensor:
    """Return ``(a - a_zero_point) @ (b - b_zero_point)``.

    Parameters
    ----------
    a : int8 or uint8, [D..., M, K]
    b : int8 or uint8, [D..., K, N]
    a_zero_point : one number, one for each row [M], or [D..., M, 1]; 0 by default
    b_zero_point : one number, one for each column [N], or [D..., 1, N]; 0 by default
    """
    zero = None if a_zero_point is None else as_column(a_zero_point)
    # By way of int64, sums beyond int32 wrap around.
    return matmul_integer_as_float(a, b, zero, b_zero_point).long().int()


def qlinear_matmul(
    a: Tensor,
    a_scale: Tensor,
    a_zero_point: Tensor,
    b: Tensor,
    b_scale: Tensor,
    b_zero_point: Tensor,
    y_scale: Tensor,
    y_zero_point: Tensor,
) -> Tensor:
    """Return the quantized product of two quantized matrices.

    An integer q represents ``(q - zero_point) * scale``. Results are rounded half to even
    and have the dtype of ``y_zero_point``.

    Parameters
    ----------
    a : [D..., M, K]
    b : [D..., K, N]
    a_scale, a_zero_point : one number, one for each row [M], or [D..., M, 1]
    b_scale, b_zero_point : one number, one for each column [N], or [D..., 1, N]
    y_scale, y_zero_point : one number, one for each row [M], or [D..., M, 1]
    """
    y = matmul_integer_as_float(a, b, as_column(a_zero_point), b_zero_point)
    scale = as_column(a_scale).float() * b_scale.float() / as_column(y_scale).float()
    return requantize(y, scale, as_column(y_zero_point))


def requantize(y: Tensor, scale: Tensor, zero_point: Tensor) -> Tensor:
    """Return ``y * scale + zero_point``, rounded and clipped to the zero point's dtype."""
    limits = torch.iinfo(zero_point.dtype)
    steps = torch.round(y.float() * scale) + zero_point
    return steps.clamp(limits.min, limits.max).to(zero_point.dtype)


def matmul_integer_as_float(
    a: Tensor, b: Tensor, a_zero_point: Tensor | None, b_zero_point: Tensor | None
) -> Tensor:
    """Return ``(a - a_zero_point) @ (b - b_zero_point)``, integers stored as floats."""
    left = a.double() if a_zero_point is None else a.double() - a_zero_point
    right = b.double() if b_zero_point is None else b.double() - b_zero_point
    return left @ right


def as_column(x: Tensor) -> Tensor:
    """Reshape one number per row, [M], to a column [M, 1]."""
    return x[:, None] if x.ndim == 1 and x.numel() > 1 else x
