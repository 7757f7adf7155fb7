"""Gates, and normalizations with gates."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ._precision import widened
from ._rounding import rounded_once
from .normalization import rms_normalization


def gated_rms_normalization(
    x: Tensor,
    scale: Tensor,
    gate: Tensor,
    *,
    activation: str = "silu",
    epsilon: float = 1e-5,
) -> Tensor:
    """Normalize groups of C of [D..., H * C] by their root mean square; scale and gate them."""
    size = scale.numel()
    rows = widened(x).reshape(*x.shape[:-1], x.shape[-1] // size, size)
    y = rms_normalization(rows, widened(scale).reshape(size), epsilon=epsilon)
    opened = (torch.sigmoid if activation == "sigmoid" else F.silu)(widened(gate))
    return (y.reshape(x.shape) * opened).to(x.dtype)


def branchwise_rms_normalization(
    x: Tensor,
    scale: Tensor | None = None,
    *,
    num_branches: int = 0,
    epsilon: float = 1e-5,
) -> Tensor:
    """Normalize each of C branches of [D..., C, H] or [D..., C * H], then scale it.

    ``scale`` is [C * H], [C, H] or [H]; ``num_branches`` is C if the branches share an axis.
    """
    branches = num_branches or x.shape[-2]
    size = x.shape[-1] // (num_branches or 1)
    leading = x.shape[:-1] if num_branches else x.shape[:-2]
    y = rms_normalization(widened(x).reshape(*leading, branches, size), epsilon=epsilon)
    if scale is not None:
        several = scale.numel() == branches * size
        y = y * widened(scale).reshape((branches, size) if several else (size,))
    return y.reshape(x.shape).to(x.dtype)


def scaled_silu(x: Tensor, scale: Tensor | float = 1.0) -> Tensor:
    """Return ``z * sigmoid(z)`` of ``z = x * scale``."""
    return F.silu(widened(x) * scale).to(x.dtype)


@rounded_once
def gated_add(x: Tensor, y: Tensor, gate: Tensor) -> Tensor:
    """Return ``x + y * gate``; [D..., C] and a gate [D..., 1]."""
    return x + y * gate
