"""Rearrangement of elements along or between axes; windows; cumulative sums and products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from ._ints import as_int
from ._precision import widened


def depth_to_space(input: Array, *, blocksize: int, mode: str = "DCR") -> Array:
    """Move channels into blocks: [N, B * B * C, H, W] -> [N, C, H * B, W * B].

    With ``mode`` "DCR" the channels are [B, B, C], with "CRD" they are [C, B, B].

    Raises
    ------
    TypeError
        If the channels are not divisible by B * B.
    """
    n, depth, h, w = input.shape
    b, c = blocksize, depth // blocksize**2
    if mode == "DCR":
        parts = input.reshape(n, b, b, c, h, w).transpose(0, 3, 4, 1, 5, 2)
    else:
        parts = input.reshape(n, c, b, b, h, w).transpose(0, 1, 4, 2, 5, 3)
    return parts.reshape(n, c, h * b, w * b)


def space_to_depth(input: Array, *, blocksize: int, mode: str = "DCR") -> Array:
    """Move blocks into channels: [N, C, H * B, W * B] -> [N, B * B * C, H, W].

    With ``mode`` "DCR" the channels are [B, B, C], with "CRD" they are [C, B, B].

    Raises
    ------
    TypeError
        If the image is not divisible by B.
    """
    n, c, height, width = input.shape
    b, h, w = blocksize, height // blocksize, width // blocksize
    parts = input.reshape(n, c, h, b, w, b)
    order = (0, 3, 5, 1, 2, 4) if mode == "DCR" else (0, 1, 3, 5, 2, 4)
    return parts.transpose(order).reshape(n, c * b * b, h, w)


def reverse_sequence(
    input: Array, sequence_lens: Array, *, batch_axis: int = 1, time_axis: int = 0
) -> Array:
    """Reverse the first elements along the time axis, for each sample.

    Parameters
    ----------
    input : [T, N, ...] or [N, T, ...], as given by the axes
    sequence_lens : int64[N], number of elements to reverse; the others keep their place
    """
    lengths = sequence_lens[:, None]
    time = jnp.arange(input.shape[time_axis])
    places = jnp.where(time < lengths, lengths - 1 - time, time)  # [N, T]
    if time_axis < batch_axis:
        places = places.T
    places = places.reshape(places.shape + (1,) * (input.ndim - 2))
    return jnp.take_along_axis(input, places, time_axis)


def unfold_tensor(x: Array, *, dim: int, size: int, step: int) -> Array:
    """Return all windows of ``size`` elements of axis ``dim``, ``step`` elements apart.

    Returns
    -------
    y : [..., (length - size) // step + 1, ..., size]
    """
    dim %= x.ndim
    starts = jnp.arange(0, x.shape[dim] - size + 1, step)
    windows = jnp.take(x, starts[:, None] + jnp.arange(size), dim)
    return jnp.moveaxis(windows, dim + 1, -1)


def cumsum(
    x: Array, axis: Any, *, exclusive: bool = False, reverse: bool = False
) -> Array:
    """Return the cumulative sum along ``axis``.

    ``exclusive`` excludes the element itself; ``reverse`` sums from the end.
    """
    return _cumulative(lax.cumsum, 0, x, as_int(axis), exclusive, reverse)


def cumprod(
    x: Array, axis: Any, *, exclusive: bool = False, reverse: bool = False
) -> Array:
    """Return the cumulative product along ``axis``.

    ``exclusive`` excludes the element itself; ``reverse`` multiplies from the end.
    """
    return _cumulative(lax.cumprod, 1, x, as_int(axis), exclusive, reverse)


def _cumulative(
    function: Callable[..., Array],
    first: int,
    x: Array,
    axis: int,
    exclusive: bool,
    reverse: bool,
) -> Array:
    """Accumulate ``x``, with ``first`` in place of what ``exclusive`` shifts out."""
    if x.ndim == 0:  # one element along any axis
        return jnp.full_like(x, first) if exclusive else x
    axis %= x.ndim
    y = widened(x)
    if exclusive:
        widths = [(0, 0, 0)] * x.ndim
        widths[axis] = (-1, 1, 0) if reverse else (1, -1, 0)
        y = lax.pad(y, jnp.array(first, y.dtype), widths)
    return function(y, axis, reverse=reverse).astype(x.dtype)
