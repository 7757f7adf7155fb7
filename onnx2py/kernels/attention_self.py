"""Self-attention that includes the projections to queries, keys and values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._precision import rounded_once, widened
from .attention_multi_head import multi_head_attention


@rounded_once
def self_attention(
    input: NDArray[Any],
    weights: NDArray[Any],
    bias: NDArray[Any] | None = None,
    mask_index: NDArray[Any] | None = None,
    past: NDArray[Any] | None = None,
    attention_bias: NDArray[Any] | None = None,
    *,
    num_heads: int,
    qkv_hidden_sizes: tuple[int, ...] | None = None,
    mask_filter_value: float = -10000.0,
    scale: float | None = None,
    unidirectional: bool = False,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Self-attention of ``input`` with projection weights.

    Parameters
    ----------
    input : [B, S, I]
    weights : [I, 2 * H * E + H * F], for queries, keys and values
    bias : [2 * H * E + H * F]
    mask_index : int32[B, T] or [B, S, T], positive for keys to keep; [B], numbers of keys;
        [2 * B], ends, then starts of keys to keep
    past : [2, B, H, P, E], keys and values to prepend
    attention_bias : broadcastable to [B, H, S, T], added to the scores
    mask_filter_value : added to the scores of masked keys
    scale : factor of the scores; 1 / sqrt(E) by default
    unidirectional : whether to mask keys that come after the query
    qkv_hidden_sizes : H * E, H * E and H * F, if they are not all the same

    Returns
    -------
    output : [B, S, H * F]
    present : [2, B, H, P + S, E]; if E and F differ, only the keys

    Raises
    ------
    ValueError
        If the mask has another shape than those above.

    ONNX: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.Attention
    """
    sizes = qkv_hidden_sizes or (weights.shape[1] // 3,) * 3
    b, s, width = input.shape
    rows = np.matmul(widened(input).reshape(b * s, width), widened(weights))
    if bias is not None:
        rows += bias
    rows = rows.astype(input.dtype, copy=False).reshape(b, s, weights.shape[1])
    q, k, v = np.split(rows, [sizes[0], sizes[0] + sizes[1]], axis=2)
    y, k, v = multi_head_attention(
        *(q, k, v, None, mask_index, attention_bias),
        *(None, None) if past is None else past,
        num_heads=num_heads,
        mask_filter_value=mask_filter_value,
        scale=scale,
        unidirectional=unidirectional,
    )
    return y, np.stack((k, v)) if k.shape == v.shape else k
