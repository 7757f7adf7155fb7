"""Convolution over any number of spatial axes."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp
from jax import Array, lax

from ._conv_windows import Pads, explicit_pads, pairs


def conv(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
) -> Array:
    """Cross-correlate [N, C, D...] with [M, C / group, K...]; return [N, M, O...].

    Raises
    ------
    ValueError
        If the kernel is longer than the padded image.
    """
    rank = weight.ndim - 2
    pads = explicit_pads(pads, x.shape[2:], weight.shape[2:], strides, dilations)
    y = lax.conv_general_dilated(
        x,
        # JAX 0.10 adds up wrong results on a CPU where it knows that all weights are one number.
        lax.optimization_barrier(weight),
        window_strides=strides or (1,) * rank,
        padding=pairs(pads),
        rhs_dilation=dilations or (1,) * rank,
        feature_group_count=group,
        # Half precision is rounded once, after the bias.
        preferred_element_type=jnp.promote_types(x.dtype, jnp.float32),
    )
    if 0 in y.shape[2:]:
        raise ValueError(
            f"conv: kernel {weight.shape[2:]}, dilations {dilations}: expected an image "
            f"that it fits in, got {x.shape[2:]} with padding {pads}"
        )
    if bias is not None:
        y = y + bias.reshape(-1, *[1] * rank)
    return y.astype(x.dtype)
