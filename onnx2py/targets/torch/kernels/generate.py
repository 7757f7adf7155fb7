"""Tensors generated from a shape or from bounds."""

from __future__ import annotations

from math import ceil
from typing import Any

import torch
from torch import Tensor

from ._ints import as_int
from .arrays import arange


def eye_like(input: Tensor, *, dtype: Any = None, k: int = 0) -> Tensor:
    """Return a matrix of the shape of ``input``, 1 on diagonal ``k`` and 0 elsewhere.

    ``dtype`` defaults to that of ``input``.
    """
    rows, columns = input.shape
    column = torch.arange(columns, device=input.device)
    row = torch.arange(rows, device=input.device)[:, None]
    return (column - row == k).to(input.dtype if dtype is None else dtype)


def range_(
    start: Any,
    limit: Any,
    delta: Any = 1,
    *,
    dtype: Any = None,
    stash_dtype: torch.dtype = torch.float32,
    device: Any = None,
) -> Tensor:
    """Return ``start``, ``start + delta`` ... up to, not including, ``limit``.

    Floats of 16 bits are computed in ``stash_dtype``.

    Parameters
    ----------
    start, limit, delta : numbers, or tensors of one element and one dtype
    dtype : dtype of the result; by default that of the tensors

    Returns
    -------
    y : [max(0, ceil((limit - start) / delta))]

    Raises
    ------
    ValueError
        If ``delta`` is 0.
    """
    bounds = (start, limit, delta)
    for bound in bounds:
        if isinstance(bound, Tensor):
            dtype, device = dtype or bound.dtype, bound.device
    if dtype.is_floating_point:
        wide = stash_dtype if dtype.itemsize < 4 else dtype
        first, last, step = (torch.as_tensor(b, dtype=wide).reshape(()) for b in bounds)
        count = max(0, ceil((last - first).item() / _not_zero(step.item())))
        steps = torch.arange(count, dtype=wide, device=device)
        return (first + steps * step).to(dtype)
    low, high, stride = (as_int(bound) for bound in bounds)
    return arange(low, high, _not_zero(stride), dtype=dtype, device=device)


def _not_zero(delta: Any) -> Any:
    if delta == 0:
        raise ValueError("delta: expected another number than 0, got 0")
    return delta
