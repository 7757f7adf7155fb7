"""Transposed convolution over one, two or three spatial axes."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from ._conv_windows import Pads, pad_spatial


def conv_transpose(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
    output_padding: Sequence[int] | None = None,
    output_shape: Sequence[int] | None = None,
) -> Tensor:
    """Add each element of [N, C, D...] times [C, M / group, K...] to a window of [N, M, O...].

    Raises
    ------
    NotImplementedError
        If there are more than three spatial axes.
    """
    rank = x.ndim - 2
    if not 1 <= rank <= 3:
        raise NotImplementedError(
            f"conv_transpose: expected 1 to 3 spatial axes, which torch has, got {rank}"
        )
    convolve = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[rank - 1]
    strides, dilations = tuple(strides or (1,) * rank), tuple(dilations or (1,) * rank)
    extra = tuple(output_padding or (0,) * rank)
    full = [
        stride * (size - 1) + more + dilation * (k - 1) + 1
        for size, k, stride, dilation, more in zip(
            x.shape[2:], weight.shape[2:], strides, dilations, extra
        )
    ]
    if output_shape is None and isinstance(pads, str):
        output_shape = [min(f, d * s) for f, d, s in zip(full, x.shape[2:], strides)]
    begins, lengths = _cut(full, pads, output_shape)
    alike = all(f == n + 2 * b for f, n, b in zip(full, lengths, begins))
    room = all(e < max(s, d) for e, s, d in zip(extra, strides, dilations))
    if alike and room and min(begins) >= 0:
        return convolve(x, weight, bias, strides, begins, extra, group, dilations)
    y = convolve(x, weight, None, strides, 0, 0, group, dilations)
    ends = [b + n - have for b, n, have in zip(begins, lengths, y.shape[2:])]
    y = pad_spatial(y, [*(-begin for begin in begins), *ends])
    return y if bias is None else y + bias.reshape(-1, *[1] * rank)


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
