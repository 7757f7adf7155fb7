"""Shapes, and views of the same elements with another shape."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, Union

import torch
from torch import Tensor

from ._bits import joined
from ._ints import as_int, as_ints, distinct_axes

Ints = Union[Sequence[int], Tensor]


def reshape(data: Tensor, shape: Ints, *, allowzero: bool = False) -> Tensor:
    """Return ``data`` with another shape and the same elements in order.

    Parameters
    ----------
    shape : the new lengths; one may be -1, which is computed from the others
    allowzero : whether 0 is a length; otherwise it copies the length of that axis of
        ``data``
    """
    lengths = as_ints(shape)
    if not allowzero:
        lengths = [data.shape[i] if n == 0 else n for i, n in enumerate(lengths)]
    return data.reshape(lengths)


def flatten(input: Tensor, *, axis: int = 1) -> Tensor:
    """Return a matrix: the axes before ``axis`` as rows, the others as columns."""
    rows, columns = input.shape[:axis], input.shape[axis:]
    return input.reshape(prod(rows), prod(columns))


def squeeze(data: Tensor, axes: Ints | None = None) -> Tensor:
    """Return a view without the given axes of length 1, or without all of them.

    Raises
    ------
    ValueError
        If the length of an axis is not 1.
    """
    given = () if axes is None else distinct_axes(as_ints(axes), data.ndim)
    if any(data.shape[axis] != 1 for axis in given):
        raise ValueError(
            f"squeeze: expected axes {given} of length 1, got {tuple(data.shape)}"
        )
    return data.squeeze(given) if given else data.squeeze()


def unsqueeze(data: Tensor, axes: Ints) -> Tensor:
    """Return a view with new axes of length 1, which are at ``axes`` of the result.

    Raises
    ------
    ValueError
        If an axis is given twice.
    """
    given = as_ints(axes)
    places = distinct_axes(given, data.ndim + len(given))
    if len(places) < len(given):
        raise ValueError(f"unsqueeze: expected different axes, got {given}")
    for axis in sorted(places):
        data = data.unsqueeze(axis)
    return data


def expand(input: Tensor, shape: Ints) -> Tensor:
    """Return a view of ``input`` repeated along axes of length 1.

    ``input`` and ``shape`` are broadcast to each other: a 1 in ``shape`` keeps the length
    of that axis of ``input``.
    """
    lengths = torch.broadcast_shapes(input.shape, tuple(as_ints(shape)))
    return input.expand(lengths)


def shape(data: Tensor, *, start: int = 0, end: int | None = None) -> Tensor:
    """Return the lengths of the axes from ``start`` up to, not including, ``end``.

    Both are clamped to the existing axes; negative numbers count from the end.
    """
    return torch.tensor(data.shape[start:end], dtype=torch.int64, device=data.device)


def size(data: Tensor) -> Tensor:
    """Return the number of elements, a scalar."""
    return torch.tensor(data.numel(), dtype=torch.int64, device=data.device)


def tile_axis(input: Tensor, tiles: Any, axis: Any) -> Tensor:
    """Return ``input`` repeated ``tiles`` times along ``axis``."""
    return joined([input] * as_int(tiles), as_int(axis))
