"""Integers of four and two bits, which tensors of eight bits hold."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

RANGES = {"int4": (-8, 7), "uint4": (0, 15), "int2": (-2, 1), "uint2": (0, 3)}
"""The smallest and the largest number of each type."""


def wrapped(x: Tensor, dtype: Any) -> Tensor:
    """Convert integers to a narrow type: bits that do not fit are dropped."""
    low, high = RANGES[dtype]
    carrier = torch.int8 if low else torch.uint8
    return (((x.to(torch.int64) - low) & (high - low)) + low).to(carrier)
