"""Scattering: tensors with elements replaced by or combined with updates."""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor

from ._bits import moved
from ._precision import widened
from .indexing import from_start

REDUCTIONS = {"add": "sum", "mul": "prod", "min": "amin", "max": "amax"}


def scatter_elements(
    data: Tensor,
    indices: Tensor,
    updates: Tensor,
    *,
    axis: int = 0,
    reduction: str = "none",
) -> Tensor:
    """Return a copy of ``data`` with each update written at its index along ``axis``.

    For ``axis`` 0, ``y[indices[i, j], j] = updates[i, j]``. ``reduction`` is "none" (one
    of several updates of an element remains), "add", "mul", "min" or "max".

    Raises
    ------
    RuntimeError
        If an index is outside the axis.
    """
    places = from_start(indices, data.shape[axis])
    if reduction == "none":
        return _replaced(data, places, updates, axis)
    return _combined(data, places, updates, axis, reduction)


@moved
def _replaced(data: Tensor, places: Tensor, updates: Tensor, axis: int) -> Tensor:
    return data.scatter(axis, places, updates)


def _combined(
    data: Tensor, places: Tensor, updates: Tensor, axis: int, reduction: str
) -> Tensor:
    y = widened(data).scatter_reduce(
        axis, places, widened(updates), REDUCTIONS[reduction]
    )
    return y.to(data.dtype)


def scatter_nd(
    data: Tensor, indices: Tensor, updates: Tensor, *, reduction: str = "none"
) -> Tensor:
    """Return a copy of ``data`` with each update written at an index tuple.

    Parameters
    ----------
    data : [D...]
    indices : int64[I..., K], each K-tuple an index into the first K axes of D...
    updates : [I..., D[K:]...]
    reduction : "none" (one of several updates of an element remains), "add", "mul", "min",
        "max"

    Raises
    ------
    IndexError
        If an index is outside its axis.
    """
    shape = data.shape[: indices.shape[-1]]
    tuples = indices.reshape(prod(indices.shape[:-1]), len(shape))
    # An axis in front, so that there is an index even if K is 0.
    first = torch.zeros(tuples.shape[0], dtype=torch.int64, device=data.device)
    places = (first, *tuples.unbind(-1))
    new = updates.reshape(tuples.shape[0], *data.shape[len(shape) :])
    if reduction == "none":
        return _put(data[None], places, new)[0]
    rows = data.reshape(prod(shape), prod(new.shape[1:]))
    numbers = torch.arange(rows.shape[0], device=data.device).reshape(1, *shape)[places]
    new = new.reshape(new.shape[0], rows.shape[1])
    y = _combined(rows, numbers[:, None].expand(new.shape), new, 0, reduction)
    return y.reshape(data.shape)


@moved
def _put(data: Tensor, places: tuple[Tensor, ...], updates: Tensor) -> Tensor:
    return data.index_put(places, updates)


def tensor_scatter(
    past_cache: Tensor,
    update: Tensor,
    write_indices: Tensor | None = None,
    *,
    axis: int = -2,
    mode: str = "linear",
) -> Tensor:
    """Return a copy of a cache with ``update`` written into it, sample by sample.

    Parameters
    ----------
    past_cache : [N, ..., M, ...], M lying at ``axis``, which is not the first
    update : [N, ..., S, ...], S <= M
    write_indices : int64[N], the start along ``axis``, in elements; 0 by default
    mode : "linear", or "circular", which continues at 0

    Raises
    ------
    IndexError
        If ``mode`` is "linear" and ``update`` does not fit.
    """
    device = past_cache.device
    samples = torch.arange(past_cache.shape[0], device=device)[:, None]
    places = torch.arange(update.shape[axis], device=device)[None, :]
    if write_indices is not None:
        places = places + write_indices[:, None]
    if mode == "circular":
        places = places % past_cache.shape[axis]
    cache = past_cache.movedim(axis, 1)
    y = _put(cache, (samples, places), update.movedim(axis, 1))
    return y.movedim(1, axis)
