"""Max pooling with a mask."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from ._conv_windows import Pads
from ._pool import pooling_axes, reduce_windows, stacked_windows


def max_pool_with_mask(
    x: Array,
    mask: Array,
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    pads: Pads = None,
) -> Array:
    """Return the maximum of each window, up to the first masked element of each row.

    As in onnxruntime, the mask of channel c of all N * C starts at element
    (c * prod(D)) % (N' * C') of [N', C', D...]; with more than one spatial axis, the first
    element of a channel is never masked.
    """
    *others, last = pooling_axes(x.shape[2:], kernel_shape, strides, pads, None, False)
    lowest = float(np.finfo(x.dtype).min)
    kept = _mask_of_each_channel(mask, x.shape)
    numbers = jnp.where(jnp.isnan(x), lowest, x)
    windows = stacked_windows(numbers, last, x.ndim - 1, lowest)
    is_open = stacked_windows(kept.astype(int), last, x.ndim - 1, 1)
    is_open = jnp.cumprod(is_open, -1) == 1
    y = jnp.where(is_open, windows, jnp.asarray(lowest, x.dtype)).max(-1)
    return reduce_windows(y, others, lax.max, padding=lowest)


def _mask_of_each_channel(mask: Array, shape: Sequence[int]) -> Array:
    """Return which elements of each channel are not masked."""
    length, channels = prod(shape[2:]), shape[0] * shape[1]
    starts = jnp.arange(channels) * length % max(prod(mask.shape[:2]), 1)
    place = jnp.arange(length)
    kept = jnp.take(mask.reshape(-1), starts[:, None] + place) != 0
    if len(shape) > 3:
        kept = kept | (place == 0)
    return kept.reshape(shape)
