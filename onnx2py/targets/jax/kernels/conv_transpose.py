"""Transposed convolution over any number of spatial axes."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp
from jax import Array, lax

from ._conv_windows import Pads


def conv_transpose(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
    output_padding: Sequence[int] | None = None,
    output_shape: Sequence[int] | None = None,
) -> Array:
    """Add each element of [N, C, D...] times [C, M / group, K...] to a window of [N, M, O...]."""
    sizes, kernel_shape = x.shape[2:], weight.shape[2:]
    rank = len(sizes)
    strides, dilations = strides or (1,) * rank, dilations or (1,) * rank
    spans = [dilation * (k - 1) + 1 for k, dilation in zip(kernel_shape, dilations)]
    full = [
        stride * (size - 1) + more + span
        for size, span, stride, more in zip(
            sizes, spans, strides, output_padding or (0,) * rank
        )
    ]
    if output_shape is None and isinstance(pads, str):
        output_shape = [min(f, d * s) for f, d, s in zip(full, sizes, strides)]
    begins, lengths = _cut(full, pads, output_shape)
    # Elements that are a stride apart, among zeros, are correlated with the flipped kernel.
    before = [span - 1 - begin for span, begin in zip(spans, begins)]
    after = [
        length + span - 1 - pad - max(stride * (size - 1) + 1, 0)
        for length, span, pad, stride, size in zip(
            lengths, spans, before, strides, sizes
        )
    ]
    y = lax.conv_general_dilated(
        x,
        _flipped(weight, group),
        window_strides=(1,) * rank,
        padding=list(zip(before, after)),
        lhs_dilation=strides,
        rhs_dilation=dilations,
        feature_group_count=group,
        # Half precision is rounded once, after the bias.
        preferred_element_type=jnp.promote_types(x.dtype, jnp.float32),
    )
    if bias is not None:
        y = y + bias.reshape(-1, *[1] * rank)
    return y.astype(x.dtype)


def _flipped(weight: Array, group: int) -> Array:
    """Return the weight of a convolution: [C, M / group, K...] -> [M, C / group, K...]."""
    c, m, *kernel_shape = weight.shape
    parts = jnp.asarray(weight).reshape(group, c // group, m, *kernel_shape)
    swapped = parts.swapaxes(1, 2).reshape(group * m, c // group, *kernel_shape)
    return jnp.flip(swapped, tuple(range(2, weight.ndim)))


def _cut(
    full: Sequence[int], pads: Pads, output_shape: Sequence[int] | None
) -> tuple[Sequence[int], Sequence[int]]:
    """Return the start and the length of the result along each axis of the full one."""
    rank = len(full)
    if output_shape is None:
        pads = (0,) * (2 * rank) if pads is None or isinstance(pads, str) else pads
        return pads[:rank], [f - b - e for f, b, e in zip(full, pads, pads[rank:])]
    totals = [max(0, f - o) for f, o in zip(full, output_shape)]
    upper = pads == "SAME_UPPER"
    return [t // 2 if upper else t - t // 2 for t in totals], output_shape
