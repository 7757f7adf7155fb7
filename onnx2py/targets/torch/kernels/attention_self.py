"""Self-attention that includes the projections to queries, keys and values."""

from __future__ import annotations

import torch
from torch import Tensor

from ._rounding import rounded_once
from .attention_multi_head import multi_head_attention


@rounded_once
def self_attention(
    input: Tensor,
    weights: Tensor,
    bias: Tensor | None = None,
    mask_index: Tensor | None = None,
    past: Tensor | None = None,
    attention_bias: Tensor | None = None,
    *,
    num_heads: int,
    qkv_hidden_sizes: tuple[int, ...] | None = None,
    mask_filter_value: float = -10000.0,
    scale: float | None = None,
    unidirectional: bool = False,
) -> tuple[Tensor, Tensor]:
    """Self-attention of [B, S, I] with projection weights [I, 2 * H * E + H * F].

    Results are [B, S, H * F], and the keys and values [2, B, H, P + S, E]; if E and F differ,
    only the keys.
    """
    sizes = qkv_hidden_sizes or (weights.shape[1] // 3,) * 3
    rows = input @ weights
    rows = rows if bias is None else rows + bias
    q, k, v = rows.split(sizes, 2)
    y, k, v = multi_head_attention(
        *(q, k, v, None, mask_index, attention_bias),
        *(None, None) if past is None else past,
        num_heads=num_heads,
        mask_filter_value=mask_filter_value,
        scale=scale,
        unidirectional=unidirectional,
    )
    return y, torch.stack((k, v)) if k.shape == v.shape else k
