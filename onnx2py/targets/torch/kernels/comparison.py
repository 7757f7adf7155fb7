"""Elementwise tests with options."""

from __future__ import annotations

import torch
from torch import Tensor

from ._precision import widened


def is_inf(
    x: Tensor, *, detect_negative: bool = True, detect_positive: bool = True
) -> Tensor:
    """Return where ``x`` is positive or negative infinity, as far as each is requested."""
    x = widened(x)
    if detect_negative and detect_positive:
        return torch.isinf(x)
    if detect_negative:
        return torch.isneginf(x)
    if detect_positive:
        return torch.isposinf(x)
    return torch.zeros_like(x, dtype=torch.bool)
