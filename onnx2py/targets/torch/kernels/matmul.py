"""Matrix products."""

from __future__ import annotations

import torch
from torch import Tensor

from ._bits import modular
from ._precision import widened
from .arrays import add

_product = modular(torch.matmul)


def matmul(a: Tensor, b: Tensor) -> Tensor:
    """Return ``a @ b`` in the dtype of ``a``."""
    return _product(a, b)


def gemm(
    a: Tensor,
    b: Tensor,
    c: Tensor | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    trans_a: bool = False,
    trans_b: bool = False,
) -> Tensor:
    """Return ``alpha * a @ b + beta * c``, with a and b transposed if requested.

    Parameters
    ----------
    a : [M, K], or [K, M] if ``trans_a``
    b : [K, N], or [N, K] if ``trans_b``
    c : broadcastable to [M, N]; 0 by default
    """
    left, right = widened(a), widened(b)
    y = _product(left.T if trans_a else left, right.T if trans_b else right)
    if alpha != 1:
        y = (y * alpha).to(y.dtype)
    if c is not None:
        y = add(y, c if beta == 1 else (widened(c) * beta).to(y.dtype))
    return y.to(a.dtype)
