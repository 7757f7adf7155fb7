"""Convolution over one, two or three spatial axes."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from ._conv_windows import Pads, explicit_pads, pad_spatial


def conv(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
) -> Tensor:
    """Cross-correlate [N, C, D...] with [M, C / group, K...]; return [N, M, O...].

    Raises
    ------
    NotImplementedError
        If there are more than three spatial axes.
    """
    rank = weight.ndim - 2
    if not 1 <= rank <= 3:
        raise NotImplementedError(
            f"conv: expected 1 to 3 spatial axes, which torch has, got {rank}"
        )
    pads = explicit_pads(pads, x.shape[2:], weight.shape[2:], strides, dilations)
    if weight.shape[1] == 0:  # torch forgets the other axes
        none = (0, 0) * rank
        x, weight = F.pad(x, (*none, 0, group)), F.pad(weight, (*none, 0, 1))
    padding = tuple(pads[:rank])
    if padding != tuple(pads[rank:]) or min(padding) < 0:
        x, padding = pad_spatial(x, pads), (0,) * rank
    convolve = (F.conv1d, F.conv2d, F.conv3d)[rank - 1]
    if weight.shape[0] == 0:  # torch refuses them
        weight = weight.new_zeros(group, *weight.shape[1:])
        y = convolve(x, weight, None, strides or 1, padding, dilations or 1, group)
        return y[:, :0]
    return convolve(x, weight, bias, strides or 1, padding, dilations or 1, group)
