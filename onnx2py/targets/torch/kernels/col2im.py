"""Images from columns of overlapping blocks."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor

from ._conv_windows import pad_spatial
from ._ints import as_ints
from ._rounding import rounded_once
from .conv_transpose import conv_transpose


@rounded_once
def col2im(
    columns: Tensor,
    image_shape: Sequence[int] | Tensor,
    block_shape: Sequence[int] | Tensor,
    *,
    strides: Sequence[int] | None = None,
    pads: Sequence[int] | None = None,
    dilations: Sequence[int] | None = None,
) -> Tensor:
    """Sum overlapping blocks: [N, C * prod(K...), L] -> [N, C, D...].

    Raises
    ------
    NotImplementedError
        If there are more than three spatial axes.
    """
    sizes, block = as_ints(image_shape), as_ints(block_shape)
    rank, taps = len(sizes), prod(block)
    steps, gaps = strides or (1,) * rank, dilations or (1,) * rank
    pads = pads or (0,) * (2 * rank)
    counts = [
        (size + begin + end - gap * (k - 1) - 1) // step + 1
        for size, begin, end, k, step, gap in zip(
            sizes, pads, pads[rank:], block, steps, gaps
        )
    ]
    # Each number of a column is added to one place: a transposed convolution by ones.
    channels = columns.shape[1] // taps
    x = columns.reshape(len(columns) * channels, taps, *counts)
    ones = torch.eye(taps, dtype=x.dtype, device=x.device).reshape(taps, 1, *block)
    y = conv_transpose(x, ones, strides=steps, dilations=gaps)
    begins = pads[:rank]
    ends = [size + b - n for size, b, n in zip(sizes, begins, y.shape[2:])]
    y = pad_spatial(y, [*(-begin for begin in begins), *ends])
    return y.reshape(len(columns), channels, *sizes)
