"""Transposed convolution with computed padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from ._ints import as_ints
from .conv_transpose import conv_transpose


def conv_transpose_with_dynamic_pads(
    x: NDArray[Any],
    weight: NDArray[Any],
    pads: NDArray[Any],
    bias: NDArray[Any] | None = None,
    *,
    strides: Sequence[int] | None = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
    output_padding: Sequence[int] | None = None,
) -> NDArray[Any]:
    """Compute ``conv_transpose`` with padding from a tensor, int64[2 * axes].

    Raises
    ------
    ValueError
        If the numbers of channels of ``x`` and ``weight`` do not match.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.ConvTransposeWithDynamicPads
    """
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
