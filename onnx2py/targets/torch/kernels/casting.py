"""Conversion of element types."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ._narrow import wrapped
from .arrays import astype


def cast(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Convert ``x``, whose dtype is known only at run time, to ``dtype``."""
    return x.to(dtype)


def cast_like(x: Tensor, target_type: Tensor) -> Tensor:
    """Convert ``x`` to the dtype of ``target_type``.

    Raises
    ------
    TypeError
        If that is a float of 8 bits, to which there are several ways.
    """
    dtype = target_type.dtype
    if dtype.is_floating_point and dtype.itemsize == 1:
        raise TypeError(f"cast_like: expected another type than {dtype}")
    return x.to(dtype)


def cast_saturated(x: Tensor, dtype: torch.dtype, *, largest: float) -> Tensor:
    """Convert ``x`` to ``dtype`` with saturation at ``largest``, its largest number.

    Numbers out of range, including infinity, become the largest or smallest number.
    """
    return x.float().clamp(-largest, largest).to(dtype)


def cast_through_float32(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Convert ``x`` to ``dtype`` by way of float32."""
    return astype(x.float(), dtype)


def cast_rounded(x: Tensor, dtype: Any) -> Tensor:
    """Round ``x`` to integers, halves away from zero, and convert it to ``dtype``.

    Bits that do not fit are dropped, as onnxruntime does for 2-bit and 4-bit integers.
    """
    wide = x.float()
    return wrapped(
        torch.trunc(wide + torch.copysign(0.5 * torch.ones_like(wide), wide)), dtype
    )


def cast_to_exponents(
    x: Tensor, dtype: Any, *, saturate: bool = True, round_mode: str = "up"
) -> Tensor:
    """Convert ``x`` to powers of two: ``dtype`` has 8 bits, all of them exponent.

    ``round_mode`` is ``up``, ``down`` or ``nearest``, which rounds halves up. Numbers
    outside 2 ** -127 ... 2 ** 127 become the nearest power with ``saturate``, else NaN.
    """
    wide = x.float()
    bits = wide.view(torch.int32)
    exponent = bits >> 23 & 0xFF
    # Below 2 ** -126 the first bit of the fraction takes the place of the exponent.
    rest = torch.where(exponent > 0, bits & 0x7FFFFF, (bits & 0x3FFFFF) << 1)
    least = {"up": 1, "nearest": 0x400000, "down": 0x800000}[round_mode]
    y = exponent + (rest >= least)
    y = torch.where(wide < 2.0**-127, 0 if saturate else 255, y)
    y = torch.where(wide > 2.0**127, 254 if saturate else 255, y)
    return torch.where(torch.isnan(wide), 255, y).to(torch.uint8).view(dtype)
