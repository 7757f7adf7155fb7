"""Transposed convolution whose padding is an array."""

from __future__ import annotations

from collections.abc import Sequence

from jax import Array

from ._ints import as_ints
from .conv_transpose import conv_transpose


def conv_transpose_with_dynamic_pads(
    x: Array,
    weight: Array,
    pads: Array,
    bias: Array | None = None,
    *,
    strides: Sequence[int] | None = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
    output_padding: Sequence[int] | None = None,
) -> Array:
    """Compute ``conv_transpose`` with padding from an array, int64[2 * axes]."""
    return conv_transpose(
        x,
        weight,
        bias,
        strides=strides,
        pads=as_ints(pads),
        dilations=dilations,
        group=group,
        output_padding=output_padding,
    )
