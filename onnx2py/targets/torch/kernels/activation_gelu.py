"""The error function and the Gaussian error linear unit."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ._rounding import rounded_once


def erf(x: Tensor) -> Tensor:
    """Return the error function; integers are rounded toward zero."""
    return torch.erf(x) if x.is_floating_point() else torch.erf(x.double()).to(x.dtype)


@rounded_once
def gelu(x: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return ``0.5 * x * (1 + erf(x / sqrt(2)))`` of ``x``, plus ``bias`` if any."""
    return F.gelu(x if bias is None else x + bias)


@rounded_once
def gelu_tanh(x: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return ``gelu(x, bias)`` with a tanh in place of the error function."""
    return F.gelu(x if bias is None else x + bias, approximate="tanh")
