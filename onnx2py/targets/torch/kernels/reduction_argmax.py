"""Indices of the largest or smallest element along an axis."""

from __future__ import annotations

import torch
from torch import Tensor

from ._bits import in_order


def argmax(
    data: Tensor,
    *,
    axis: int = 0,
    keepdims: bool = True,
    select_last_index: bool = False,
) -> Tensor:
    """Return the index of the largest element along ``axis``.

    Of equal elements the first counts, or the last if ``select_last_index``.

    Raises
    ------
    IndexError
        If there are no elements along ``axis``.
    """
    if data.ndim == 0:  # one element along any axis, as in onnxruntime
        return torch.zeros_like(data, dtype=torch.int64)
    x = in_order(data)
    if not select_last_index:
        return torch.argmax(x, axis, keepdims)
    return data.shape[axis] - 1 - torch.argmax(x.flip(axis), axis, keepdims)


def argmin(
    data: Tensor,
    *,
    axis: int = 0,
    keepdims: bool = True,
    select_last_index: bool = False,
) -> Tensor:
    """Return the index of the smallest element along ``axis``.

    Of equal elements the first counts, or the last if ``select_last_index``.

    Raises
    ------
    IndexError
        If there are no elements along ``axis``.
    """
    if data.ndim == 0:  # one element along any axis, as in onnxruntime
        return torch.zeros_like(data, dtype=torch.int64)
    x = in_order(data)
    if not select_last_index:
        return torch.argmin(x, axis, keepdims)
    return data.shape[axis] - 1 - torch.argmin(x.flip(axis), axis, keepdims)
