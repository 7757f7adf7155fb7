"""Selection of elements by value: the largest, the unique, the nonzero."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ._bits import either, in_order
from ._ints import as_int
from .arrays import tril, triu
from .indexing import from_start, gather, gather_elements


def non_zero(x: Tensor) -> Tensor:
    """Return the indices of nonzero elements, in row-major order.

    The result has a row per axis and a column per element; a scalar counts as 1-d.
    """
    return torch.atleast_1d(x != 0).nonzero().T


def top_k(
    x: Tensor, k: Any, *, axis: int = -1, largest: bool = True
) -> tuple[Tensor, Tensor]:
    """Return the ``k`` largest elements along ``axis`` in descending order, and their indices.

    Without ``largest``, the smallest ones in ascending order. Of equal elements, the one
    with the lower index comes first; NaN is larger than all numbers.

    Raises
    ------
    RuntimeError
        If there are fewer than ``k`` elements along ``axis``.
    """
    # torch.topk does not say which of equal elements it takes.
    order = torch.argsort(in_order(x), dim=axis, descending=largest, stable=True)
    places = order.narrow(axis, 0, as_int(k))
    return gather_elements(x, places, axis=axis), places


def unique(
    x: Tensor, *, axis: int | None = None, sorted: bool = True
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the unique elements of ``x``, or its unique slices along ``axis``.

    Parameters
    ----------
    sorted : whether they are in ascending order rather than in order of first occurrence

    Returns
    -------
    y : the unique elements, 1-d, or slices, of the rank of ``x``
    indices : [len(y)], the index of the first occurrence of each
    inverse_indices : the index in ``y`` of each element or slice of ``x``
    counts : int64[len(y)], the number of occurrences of each
    """
    data = x.reshape(-1) if axis is None else x
    _, inverse, counts = torch.unique(
        in_order(data), return_inverse=True, return_counts=True, dim=axis or 0
    )
    inverse = inverse.reshape(-1)
    number = torch.arange(len(inverse), device=x.device)
    first = torch.empty_like(counts).scatter_reduce(
        0, inverse, number, "amin", include_self=False
    )
    if not sorted:
        order = torch.argsort(first)
        first, counts = first[order], counts[order]
        inverse = torch.argsort(order)[inverse]
    y = gather(data, first, axis=axis or 0)
    return y, first, inverse, counts


def unique_in_order(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the unique elements of ``x`` in order of first occurrence, indices and counts.

    Returns
    -------
    y : the unique elements
    idx : the index in ``y`` of each element of ``x``
    counts : [len(y)], the number of occurrences of each
    """
    y, _, inverse, counts = unique(x, sorted=False)
    return y, inverse, counts


def one_hot(indices: Tensor, depth: Any, values: Tensor, *, axis: int = -1) -> Tensor:
    """Return a tensor with "on" at each index along a new axis, and "off" elsewhere.

    Parameters
    ----------
    depth : the length D of the new axis; a scalar, or a tensor of one element
    values : [2], the values of off and on
    axis : the position of the new axis in the result

    Indices from -D to -1 count from the end; other indices give "off" everywhere.
    """
    length = as_int(depth)
    places = from_start(indices, length).unsqueeze(axis)
    behind = (1,) * (indices.ndim - axis % (indices.ndim + 1))
    levels = torch.arange(length, device=indices.device).reshape(-1, *behind)
    off, on = values.unbind()
    return either(places == levels, on, off)


def compress(input: Tensor, condition: Tensor, *, axis: int | None = None) -> Tensor:
    """Return the slices along ``axis`` where the condition is true; all elements if None.

    ``condition`` may be shorter than the axis; what is longer is ignored, as in onnxruntime.
    """
    data = input.reshape(-1) if axis is None else input
    axis = 0 if axis is None else axis
    chosen = condition.reshape(-1)[: data.shape[axis]]
    return gather(data, chosen.nonzero().reshape(-1), axis=axis)


def trilu(input: Tensor, k: Any = 0, *, upper: bool = True) -> Tensor:
    """Return the matrices with 0 below diagonal ``k``, or above it if not ``upper``."""
    return triu(input, as_int(k)) if upper else tril(input, as_int(k))
