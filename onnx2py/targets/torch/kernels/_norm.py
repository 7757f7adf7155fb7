"""Norms of vectors."""

from __future__ import annotations

import torch
from torch import Tensor


def norm(x: Tensor, p: float, axes: tuple[int, ...], keepdims: bool = False) -> Tensor:
    """Return the ``p``-norm along ``axes``."""
    # Without keepdim, PyTorch 2.8 traces it as if axes of length 1 stayed.
    y = torch.linalg.vector_norm(x, p, axes, keepdim=True)
    return y if keepdims else y.squeeze(axes)
