"""Max pooling and unpooling."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, prod
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from ._conv_windows import Pads
from ._ints import as_ints
from ._pool import Pooling, pooling_axes, reduce_windows, stacked_windows


def max_pool(
    x: Array,
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    ceil_mode: bool = False,
) -> Array:
    """Return the maximum of each window: [N, C, D...] -> [N, C, O...]."""
    axes = pooling_axes(x.shape[2:], kernel_shape, strides, pads, dilations, ceil_mode)
    return _maxima(x, axes, 2)


def max_pool_channels_last(
    x: Array,
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    ceil_mode: bool = False,
) -> Array:
    """Return the maximum of each window: [N, D..., C] -> [N, O..., C]."""
    sizes = x.shape[1:-1]
    axes = pooling_axes(sizes, kernel_shape, strides, pads, dilations, ceil_mode)
    return _maxima(x, axes, 1)


def _maxima(x: Array, axes: Sequence[Pooling], first: int) -> Array:
    """Return the maximum of each window of the axes from ``first`` on."""
    lowest, plain = _lowest(x.dtype), []
    for number, axis in enumerate(axes, start=first):
        if axis.dilation > 1:  # which JAX has no gradient of: windows side by side
            windows = stacked_windows(x, axis, number, lowest)
            count = axis.out * axis.kernel
            x = windows.reshape(*x.shape[:number], count, *x.shape[number + 1 :])
            axis = Pooling(count, axis.kernel, axis.kernel, 1, 0, 0, axis.out)
        plain.append(axis)
    return reduce_windows(x, plain, lax.max, padding=lowest, first=first)


def _lowest(dtype: Any) -> float:
    """Return the smallest number of a dtype."""
    if jnp.issubdtype(dtype, jnp.floating):
        return -inf
    return int(np.iinfo(dtype).min)


def max_pool_with_indices(
    x: Array,
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    ceil_mode: bool = False,
    storage_order: int = 0,
) -> tuple[Array, Array]:
    """Return the maximum of each window, and the index of its first occurrence in ``x``.

    Indices are row-major, or with ``storage_order`` 1 column-major in each channel.
    """
    sizes = x.shape[2:]
    axes = pooling_axes(sizes, kernel_shape, strides, pads, dilations, ceil_mode)
    places = jnp.arange(prod(sizes))
    if storage_order:
        places = places.reshape(sizes[::-1]).T
    windows = _windows(x, axes, _lowest(x.dtype))
    places = _windows(places.reshape(1, 1, *sizes), axes, -1)
    y = windows.max(-1)
    found = (windows == y[..., None]) | (windows != windows)  # NaN
    best = jnp.argmax(found & (places >= 0), -1, keepdims=True)
    places = jnp.broadcast_to(places, windows.shape)
    planes = jnp.arange(prod(x.shape[:2])) * prod(sizes)
    planes = planes.reshape(*x.shape[:2], *[1] * len(sizes))
    y, index = (
        jnp.take_along_axis(each, best, -1, mode="clip")[..., 0]
        for each in (windows, places)
    )
    return y, index + planes


def _windows(x: Array, axes: Sequence[Pooling], padding: Any) -> Array:
    """Return all windows: [N, C, D...] -> [N, C, O..., prod(K...)]."""
    for number, axis in enumerate(axes, start=2):
        x = jnp.moveaxis(stacked_windows(x, axis, number, padding), number + 1, -1)
    return x.reshape(*x.shape[: 2 + len(axes)], -1)


def max_unpool(
    x: Array,
    indices: Array,
    output_shape: Array | Sequence[int] | None = None,
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    pads: Sequence[int] | None = None,
) -> Array:
    """Write each element to the position that max pooling took it from, among zeros.

    Indices into the inferred shape [N, C, O...], rather than ``output_shape``, are found by
    whether they lie in their windows.
    """
    rank = len(kernel_shape)
    strides, pads = strides or (1,) * rank, pads or (0,) * (2 * rank)
    inferred = *x.shape[:2], *(
        stride * (size - 1) + k - begin - end
        for size, k, stride, begin, end in zip(
            x.shape[2:], kernel_shape, strides, pads[:rank], pads[rank:]
        )
    )
    shape = inferred if output_shape is None else tuple(as_ints(output_shape))
    if shape != inferred and all(a <= b for a, b in zip(inferred, shape)):
        windows = (kernel_shape, strides, pads[:rank])
        moved = ~_lie_in_windows(indices, shape, *windows)
        moved = moved & _lie_in_windows(indices, inferred, *windows)
        places = jnp.unravel_index(indices, inferred)
        elsewhere = jnp.ravel_multi_index(places, shape, mode="clip")
        indices = jnp.where(moved, elsewhere, indices)
    y = jnp.zeros(prod(shape), x.dtype)
    return y.at[indices.reshape(-1)].set(x.reshape(-1)).reshape(shape)


def _lie_in_windows(
    indices: Array,
    shape: Sequence[int],
    kernel_shape: Sequence[int],
    strides: Sequence[int],
    pads: Sequence[int],
) -> Array:
    """Return whether each index [N, C, D...] into ``shape`` is inside its own window."""
    inside = (indices >= 0) & (indices < prod(shape))
    windows = zip((1, 1, *kernel_shape), (1, 1, *strides), (0, 0, *pads))
    for axis, (place, (kernel, stride, pad)) in enumerate(
        zip(jnp.unravel_index(indices, shape), windows)
    ):
        first = jnp.arange(indices.shape[axis]) * stride - pad
        offset = place - first.reshape(-1, *[1] * (indices.ndim - 1 - axis))
        inside = inside & (offset >= 0) & (offset < kernel)
    return inside.all()


def global_max_pool(x: Array) -> Array:
    """Return the maximum of each channel: [N, C, D...] -> [N, C, 1...]."""
    return jnp.max(x, tuple(range(2, x.ndim)), keepdims=True)
