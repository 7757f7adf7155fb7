"""Quotients and shifts of unsigned integers of 16 bits or more, which PyTorch lacks."""

from __future__ import annotations

import torch
from torch import Tensor

from ._bits import in_order


def unsigned_quotient(a: Tensor, b: Tensor) -> Tensor:
    """Return ``a / b``, rounded down."""
    if a.dtype != torch.uint64:
        return torch.div(a.long(), b.long(), rounding_mode="trunc").to(a.dtype)
    x, y = a.view(torch.int64), b.view(torch.int64)
    # Half of x divided by y, doubled, is the quotient or one less.
    half = (x >> 1) & (2**63 - 1)
    q = torch.div(half, torch.where(y < 0, 1, y), rounding_mode="trunc") << 1
    q = torch.where(y < 0, 0, q)
    rest = (x - q * y).view(torch.uint64)
    return (q + (in_order(rest) >= in_order(b))).view(torch.uint64)


def unsigned_shifted(a: Tensor, b: Tensor) -> Tensor:
    """Return ``a >> b`` of uint64; 0 if all bits are shifted out."""
    x, count = a.view(torch.int64), b.view(torch.int64)
    halved = torch.where(count == 0, x, (x >> 1) & (2**63 - 1))
    y = halved >> torch.where(count == 0, 0, count - 1)
    return torch.where((count < 0) | (count > 63), 0, y).view(torch.uint64)
