"""Padding and cropping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

import torch
import torch.nn.functional as F
from torch import Tensor

from ._bits import either, moved
from ._ints import as_ints
from .indexing import gather

Ints = Union[Sequence[int], Tensor]


def pad(
    data: Tensor,
    pads: Ints,
    constant_value: Any = None,
    axes: Ints | None = None,
    *,
    mode: str = "constant",
) -> Tensor:
    """Add elements at both ends of axes; negative numbers remove elements.

    Parameters
    ----------
    pads : number of elements before each axis, then after each
    constant_value : value to add; 0 or False by default
    axes : the axes of ``pads``; all by default
    mode : "constant"; "edge" repeats the outermost element; "reflect" mirrors the
        elements at it; "wrap" continues at the other end

    Returns
    -------
    y : length ``length + before + after`` along each axis

    Raises
    ------
    ValueError
        If there are not two pads for each axis, an axis is outside ``data``, or ``mode``
        is not "constant" and there is no element to repeat.
    """
    borders = _borders(data.ndim, as_ints(pads), axes)
    if mode != "constant":
        for axis, (begin, end) in enumerate(borders):
            if begin or end:
                data = _repeated(data, axis, begin, end, mode)
        return data
    amounts = [amount for border in reversed(borders) for amount in border]
    y = _padded(data, amounts)
    if constant_value is None:
        return y
    inside = F.pad(torch.ones_like(data, dtype=torch.bool), amounts)
    value = torch.as_tensor(constant_value, dtype=data.dtype, device=data.device)
    return either(inside, y, value.reshape(()))


def _borders(
    rank: int, pads: Sequence[int], axes: Ints | None
) -> list[tuple[int, int]]:
    """Return the number of elements to add before and after every axis."""
    where = range(rank) if axes is None else as_ints(axes)
    count = len(where)
    if len(pads) != 2 * count:
        raise ValueError(f"pads: expected {2 * count} numbers, got {len(pads)}")
    borders = [(0, 0)] * rank
    for axis, begin, end in zip(where, pads[:count], pads[count:]):
        if not -rank <= axis < rank:
            raise ValueError(f"axes: expected an axis of {rank}, got {axis}")
        borders[axis] = begin, end
    return borders


@moved
def _padded(data: Tensor, amounts: list[int]) -> Tensor:
    return F.pad(data, amounts)


def _repeated(x: Tensor, axis: int, begin: int, end: int, mode: str) -> Tensor:
    """Pad one axis with elements of ``x``."""
    first, last = max(-begin, 0), x.shape[axis] - max(-end, 0)
    x = x.narrow(axis, first, max(last - first, 0))
    begin, end, length = max(begin, 0), max(end, 0), x.shape[axis]
    if length == 0:
        raise ValueError(f"pad: expected elements along axis {axis}, got none")
    places = torch.arange(-begin, length + end, device=x.device)
    if mode == "edge":
        places = places.clamp(0, length - 1)
    elif mode == "wrap":
        places = places % length
    elif length > 1:
        places = length - 1 - (places % (2 * length - 2) - length + 1).abs()
    else:
        places = torch.zeros_like(places)
    return gather(x, places, axis=axis)


def center_crop_pad(
    input_data: Tensor, shape: Ints, *, axes: Sequence[int] | None = None
) -> Tensor:
    """Crop axes that are too long and pad those that are too short, on both sides.

    If the difference is odd, the extra element is added or removed at the end.

    Parameters
    ----------
    shape : the new lengths, in elements
    axes : the axes of ``shape``; all by default

    Raises
    ------
    ValueError
        If ``shape`` and ``axes`` have different lengths.
    """
    lengths = as_ints(shape)
    where = range(input_data.ndim) if axes is None else axes
    if len(where) != len(lengths):
        raise ValueError(f"shape: expected {len(where)} lengths, got {len(lengths)}")
    x = input_data
    for axis, n in zip(where, lengths):
        length = x.shape[axis]
        if length > n:
            x = x.narrow(axis, (length - n) // 2, n)
        else:
            begin = (n - length) // 2
            x = pad(x, (begin, n - length - begin), None, (axis,))
    return x
