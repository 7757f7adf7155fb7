"""Rearrangement of elements along or between axes; windows; cumulative sums and products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ._bits import modular
from ._ints import as_int
from ._precision import widened
from ._slices import flip
from .indexing import gather_elements


def depth_to_space(input: Tensor, *, blocksize: int, mode: str = "DCR") -> Tensor:
    """Move channels into blocks: [N, B * B * C, H, W] -> [N, C, H * B, W * B].

    With ``mode`` "DCR" the channels are [B, B, C], with "CRD" they are [C, B, B].

    Raises
    ------
    RuntimeError
        If the channels are not divisible by B * B.
    """
    n, depth, h, w = input.shape
    b, c = blocksize, depth // blocksize**2
    if mode == "DCR":
        parts = input.reshape(n, b, b, c, h, w).permute(0, 3, 4, 1, 5, 2)
    else:
        parts = input.reshape(n, c, b, b, h, w).permute(0, 1, 4, 2, 5, 3)
    return parts.reshape(n, c, h * b, w * b)


def space_to_depth(input: Tensor, *, blocksize: int, mode: str = "DCR") -> Tensor:
    """Move blocks into channels: [N, C, H * B, W * B] -> [N, B * B * C, H, W].

    With ``mode`` "DCR" the channels are [B, B, C], with "CRD" they are [C, B, B].

    Raises
    ------
    RuntimeError
        If the image is not divisible by B.
    """
    n, c, height, width = input.shape
    b, h, w = blocksize, height // blocksize, width // blocksize
    parts = input.reshape(n, c, h, b, w, b)
    order = (0, 3, 5, 1, 2, 4) if mode == "DCR" else (0, 1, 3, 5, 2, 4)
    return parts.permute(order).reshape(n, c * b * b, h, w)


def reverse_sequence(
    input: Tensor, sequence_lens: Tensor, *, batch_axis: int = 1, time_axis: int = 0
) -> Tensor:
    """Reverse the first elements along the time axis, for each sample.

    Parameters
    ----------
    input : [T, N, ...] or [N, T, ...], as given by the axes
    sequence_lens : int64[N], number of elements to reverse; the others keep their place
    """
    lengths = sequence_lens[:, None]
    time = torch.arange(input.shape[time_axis], device=input.device)
    places = torch.where(time < lengths, lengths - 1 - time, time)  # [N, T]
    if time_axis < batch_axis:
        places = places.T
    places = places.reshape((*places.shape, *(1,) * (input.ndim - 2)))
    return gather_elements(input, places.expand(input.shape), axis=time_axis)


def unfold_tensor(x: Tensor, *, dim: int, size: int, step: int) -> Tensor:
    """Return all windows of ``size`` elements of axis ``dim``, ``step`` elements apart.

    Returns
    -------
    y : [..., (length - size) // step + 1, ..., size]
    """
    return x.unfold(dim, size, step)


def cumsum(
    x: Tensor, axis: Any, *, exclusive: bool = False, reverse: bool = False
) -> Tensor:
    """Return the cumulative sum along ``axis``.

    ``exclusive`` excludes the element itself; ``reverse`` sums from the end.
    """
    return _cumulative(torch.cumsum, 0, x, as_int(axis), exclusive, reverse)


def cumprod(
    x: Tensor, axis: Any, *, exclusive: bool = False, reverse: bool = False
) -> Tensor:
    """Return the cumulative product along ``axis``.

    ``exclusive`` excludes the element itself; ``reverse`` multiplies from the end.
    """
    return _cumulative(torch.cumprod, 1, x, as_int(axis), exclusive, reverse)


def _cumulative(
    function: Callable[..., Tensor],
    first: int,
    x: Tensor,
    axis: int,
    exclusive: bool,
    reverse: bool,
) -> Tensor:
    """Accumulate ``x``, with ``first`` in front of what ``exclusive`` shifts by one."""
    if x.ndim == 0:  # one element along any axis
        return torch.full_like(x, first) if exclusive else x.clone()
    y = flip(x, (axis,)) if reverse else x
    if exclusive:
        start = torch.full_like(y.sum(axis, keepdim=True), first, dtype=y.dtype)
        y = torch.cat((start, y), axis).narrow(axis, 0, y.shape[axis])
    y = modular(function)(widened(y), axis, dtype=widened(y).dtype).to(x.dtype)
    return flip(y, (axis,)) if reverse else y
