"""Gathering by index tensors. Negative indices count from the end."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ._bits import item, moved


def gather(data: Tensor, indices: Any, *, axis: int = 0) -> Tensor:
    """Return the slices of ``data`` at ``indices``, whose axes replace ``axis``.

    Raises
    ------
    IndexError
        If an index is outside the axis.
    """
    if isinstance(indices, (int, torch.SymInt)):
        return data.select(axis, indices)
    axis %= data.ndim
    places = torch.as_tensor(indices, device=data.device)
    y = item(data, (slice(None),) * axis + (places.reshape(-1),))
    return y.reshape((*data.shape[:axis], *places.shape, *data.shape[axis + 1 :]))


@moved
def gather_elements(data: Tensor, indices: Tensor, *, axis: int = 0) -> Tensor:
    """Return the element of ``data`` at each index along ``axis``.

    Raises
    ------
    RuntimeError
        If an index is outside the axis.
    """
    return torch.gather(data, axis, from_start(indices, data.shape[axis]))


def gather_nd(data: Tensor, indices: Tensor, *, batch_dims: int = 0) -> Tensor:
    """Return the slices of ``data`` at the index tuples in the last axis of ``indices``.

    Parameters
    ----------
    data : [B..., D...]
    indices : int64[B..., I..., K], each K-tuple an index into the first K axes of D...
    batch_dims : the number of axes B..., which both share

    Returns
    -------
    y : [B..., I..., D[K:]...]
    """
    if indices.shape[-1] == 0:  # all of data, at each place
        middle = (1,) * (indices.ndim - 1 - batch_dims)
        batch, inner = data.shape[:batch_dims], data.shape[batch_dims:]
        spread = data.reshape((*batch, *middle, *inner))
        return spread.expand((*indices.shape[:-1], *inner)).clone()
    if indices.ndim == 1:
        return item(data, nd_index(indices[None])).squeeze(0)
    return item(data, nd_index(indices, batch_dims))


def from_start(indices: Tensor, length: int) -> Tensor:
    """Return indices as int64, counted from the start of an axis of that length."""
    places = indices.long()
    return torch.where(places < 0, places + length, places)


def nd_index(indices: Tensor, batch_dims: int = 0) -> tuple[Tensor, ...]:
    """Return an index for the K-tuples along the last axis, in each batch."""
    batch = []
    for axis in range(batch_dims):
        shape = [1] * (indices.ndim - 1)
        shape[axis] = -1
        places = torch.arange(indices.shape[axis], device=indices.device)
        batch.append(places.reshape(shape))
    return (*batch, *indices.unbind(-1))
