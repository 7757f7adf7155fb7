"""Images from columns of overlapping blocks."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._conv_windows import EVERY_CHANNEL, add_windows
from ._precision import rounded_once


@rounded_once
def col2im(
    columns: NDArray[Any],
    image_shape: Sequence[int] | NDArray[np.int64],
    block_shape: Sequence[int] | NDArray[np.int64],
    *,
    strides: Sequence[int] | None = None,
    pads: Sequence[int] | None = None,
    dilations: Sequence[int] | None = None,
) -> NDArray[Any]:
    """Rearrange columns into blocks of an image, summing where blocks overlap (col2im).

    Parameters
    ----------
    columns : [N, C * prod(K...), L]
        L = prod(O...), O being the number of blocks along each axis:
        O = (D + pad_begin + pad_end - dilation * (K - 1) - 1) // stride + 1
    image_shape : D..., the spatial shape
    block_shape : K...
    strides, dilations : one int per spatial axis, in elements; 1 by default
    pads : padding before each spatial axis, then after each, in elements

    Returns
    -------
    image : [N, C, D...]

    ONNX: https://onnx.ai/onnx/operators/onnx__Col2Im.html
    """
    sizes = [int(size) for size in image_shape]
    block = [int(k) for k in block_shape]
    rank = len(sizes)
    strides = strides or (1,) * rank
    dilations = dilations or (1,) * rank
    pads = pads or (0,) * (2 * rank)
    begins, ends = pads[:rank], pads[rank:]
    padded = [b + size + e for b, size, e in zip(begins, sizes, ends)]
    counts = [
        (size - dilation * (k - 1) - 1) // stride + 1
        for size, k, stride, dilation in zip(padded, block, strides, dilations)
    ]
    channels = columns.shape[1] // prod(block)
    windows = columns.reshape(len(columns), channels, *block, *counts)
    image = add_windows(windows, padded, strides, dilations)
    inside = tuple(slice(b, b + size) for b, size in zip(begins, sizes))
    return np.ascontiguousarray(image[EVERY_CHANNEL + inside])
