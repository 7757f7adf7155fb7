"""Images from columns of overlapping blocks."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import jax.numpy as jnp
from jax import Array, lax

from ._ints import as_ints
from ._rounding import rounded_once


@rounded_once
def col2im(
    columns: Array,
    image_shape: Sequence[int] | Array,
    block_shape: Sequence[int] | Array,
    *,
    strides: Sequence[int] | None = None,
    pads: Sequence[int] | None = None,
    dilations: Sequence[int] | None = None,
) -> Array:
    """Sum overlapping blocks: [N, C * prod(K...), L] -> [N, C, D...]."""
    sizes, block = as_ints(image_shape), as_ints(block_shape)
    rank = len(sizes)
    strides, dilations = strides or (1,) * rank, dilations or (1,) * rank
    pads = pads or (0,) * (2 * rank)
    padded = [begin + n + end for begin, n, end in zip(pads, sizes, pads[rank:])]
    channels = columns.shape[1] // prod(block)
    index = _places(padded, block, strides, dilations)
    parts = columns.reshape(len(columns), channels, index.size)
    y = jnp.zeros((len(columns), channels, prod(padded)), columns.dtype)
    y = y.at[:, :, index.reshape(-1)].add(parts).reshape(*y.shape[:2], *padded)
    for axis, (begin, size) in enumerate(zip(pads, sizes), start=2):
        y = lax.slice_in_dim(y, begin, begin + size, axis=axis)
    return y


def _places(
    sizes: Sequence[int],
    block: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
) -> Array:
    """Return the place in an image of each element of each block: [prod(K...), prod(O...)]."""
    index = jnp.zeros((1, 1), int)
    for size, k, stride, dilation in zip(sizes, block, strides, dilations):
        count = (size - dilation * (k - 1) - 1) // stride + 1
        along = jnp.arange(k)[:, None] * dilation + jnp.arange(count) * stride
        both = index[:, None, :, None] * size + along[:, None]
        index = both.reshape(index.shape[0] * k, index.shape[1] * count)
    return index
