"""Transposed convolution whose padding is a tensor."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from ._ints import as_ints
from .conv_transpose import conv_transpose


def conv_transpose_with_dynamic_pads(
    x: Tensor,
    weight: Tensor,
    pads: Tensor,
    bias: Tensor | None = None,
    *,
    strides: Sequence[int] | None = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
    output_padding: Sequence[int] | None = None,
) -> Tensor:
    """Compute ``conv_transpose`` with padding from a tensor, int64[2 * axes]."""
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
