"""Max pooling with a mask."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor

from ._conv_windows import Pads
from ._pool import pool_windows, pooling_axes


def max_pool_with_mask(
    x: Tensor,
    mask: Tensor,
    *,
    kernel_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    pads: Pads = None,
) -> Tensor:
    """Return the maximum of each window, up to the first masked element of each row.

    As in onnxruntime, the mask of channel c of all N * C starts at element
    (c * prod(D)) % (N' * C') of [N', C', D...]; with more than one spatial axis, the first
    element of a channel is never masked.
    """
    *others, last = pooling_axes(x.shape[2:], kernel_shape, strides, pads, None, False)
    lowest = torch.finfo(x.dtype).min
    kept = _mask_of_each_channel(mask, x.shape)
    windows = last.windows(x.nan_to_num(lowest, None, None), x.ndim - 1, lowest)
    is_open = last.windows(kept.long(), x.ndim - 1, 1).cumprod(-1).bool()
    y = torch.where(is_open, windows, lowest).amax(-1)
    return pool_windows(y, others, lambda windows: windows.amax(-1), padding=lowest)


def _mask_of_each_channel(mask: Tensor, shape: Sequence[int]) -> Tensor:
    """Return which elements of each channel are not masked."""
    length, channels = prod(shape[2:]), shape[0] * shape[1]
    starts = torch.arange(channels, device=mask.device) * length
    starts = starts % max(prod(mask.shape[:2]), 1)
    place = torch.arange(length, device=mask.device)
    kept = mask.reshape(-1)[starts[:, None] + place] != 0
    if len(shape) > 3:
        kept = kept | (place == 0)
    return kept.reshape(shape)
