"""Scaled dot-product attention."""

from __future__ import annotations

from math import nan

from torch import Tensor

from ._attention import attend


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
    without_keys = 0.0 if zero_for_nan else nan
    return attend(q, k, v, mask, scale=scale, without_keys=without_keys)
