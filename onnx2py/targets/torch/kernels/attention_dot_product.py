"""Scaled dot-product attention."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def dot_product_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None = None,
    *,
    scale: float = 1.0,
    zero_for_nan: bool = False,
    groups: int = 1,
) -> Tensor:
    """Return ``softmax(scale * q @ k + mask) @ v``; keys are columns, [D..., E, T].

    ``groups`` consecutive heads of q share a head of k and v. With ``zero_for_nan``, the
    softmax of a row of minus infinity is 0.
    """
    k = k.mT
    if groups > 1:
        k, v = k.repeat_interleave(groups, -3), v.repeat_interleave(groups, -3)
    if mask is None:
        return F.scaled_dot_product_attention(q, k, v, scale=scale)
    shape = torch.broadcast_shapes(mask.shape, (*q.shape[:-1], k.shape[-2]))
    mask = mask.expand(shape)
    y = F.scaled_dot_product_attention(
        q.expand(*shape[:-1], -1), k, v, mask, scale=scale
    )
    nothing = (mask == -torch.inf).all(-1, keepdim=True)
    return torch.where(nothing, 0 if zero_for_nan else torch.nan, y)
