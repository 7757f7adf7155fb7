"""Heads, masks and the masked softmax, shared by the attention operators."""

from __future__ import annotations

from math import nan

import torch
import torch.nn.functional as F
from torch import Tensor

from ._precision import widened


def split_heads(x: Tensor, heads: int) -> Tensor:
    """[B, S, H * E] -> [B, H, S, E]."""
    return x.reshape(*x.shape[:2], heads, x.shape[2] // heads).transpose(1, 2)


def merge_heads(x: Tensor) -> Tensor:
    """[B, H, S, E] -> [B, S, H * E]."""
    return x.transpose(1, 2).flatten(2)


def attention_mask(
    lengths: tuple[int, int],
    past: int,
    nonpad: Tensor | None,
    *,
    is_causal: bool,
    left: int,
    right: int,
    device: torch.device,
) -> Tensor | None:
    """Return the mask of visible keys, bool[B, 1, S, T], None if all are visible.

    ``past`` is the position of the first query; ``nonpad`` is the number of valid keys,
    the last of which belong to the queries.
    """
    queries, keys = lengths
    if is_causal:
        right = min(right, 0) if right >= 0 else 0
    if nonpad is None and left < 0 and right < 0:
        return None
    key = torch.arange(keys, device=device)
    position = torch.arange(queries, device=device)[:, None] + past
    allowed = torch.ones((1, 1, 1, 1), dtype=torch.bool, device=device)
    if nonpad is not None:
        count = nonpad.reshape(-1, 1, 1, 1)
        allowed = key < count
        position = position + (count - queries if past == 0 else 0)
    if right >= 0:
        allowed = allowed & (key <= position + right)
    if left >= 0:
        allowed = allowed & (key >= position - left)
    return allowed


def whole_mask(mask: Tensor, keys: int) -> Tensor:
    """Return a mask of all keys: those beyond its last axis are masked."""
    missing = keys - mask.shape[-1]
    if missing <= 0 or mask.shape[-1] == 1:
        return mask
    return F.pad(
        mask, (0, missing), value=False if mask.dtype == torch.bool else -torch.inf
    )


def masked(scores: Tensor, mask: Tensor | None, allowed: Tensor | None) -> Tensor:
    """Add a float mask; write minus infinity where keys are hidden."""
    if mask is not None and mask.dtype == torch.bool:
        scores = torch.where(mask, scores, -torch.inf)
    elif mask is not None:
        scores = scores + mask.to(scores.dtype)
    return scores if allowed is None else torch.where(allowed, scores, -torch.inf)


def masked_softmax(scores: Tensor, guarded: bool) -> Tensor:
    """Return the softmax along the last axis; 0 for a row of minus infinity if ``guarded``."""
    weights = torch.softmax(scores, -1)
    if not guarded:
        return weights
    nothing = (scores == -torch.inf).all(-1, keepdim=True)
    return torch.where(nothing, 0, torch.softmax(torch.where(nothing, 0, scores), -1))


def attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None,
    *,
    scale: float | None = None,
    without_keys: float = nan,
) -> Tensor:
    """Return ``softmax(scale * q @ k.mT + mask) @ v``, of any leading axes.

    ``without_keys`` is the result of queries from which a mask hides all keys. What PyTorch's
    function makes of them and of their gradients depends on its version.
    """
    if mask is None:
        return F.scaled_dot_product_attention(q, k, v, scale=scale)
    hidden = ~mask if mask.dtype == torch.bool else mask == -torch.inf
    nothing = hidden.all(-1, keepdim=True)
    shape = torch.broadcast_shapes(mask.shape, (*q.shape[:-1], k.shape[-2]))
    mask = mask.masked_fill(nothing, 1).expand(shape)
    y = F.scaled_dot_product_attention(
        q.expand(*shape[:-1], -1), k, v, mask, scale=scale
    )
    return torch.where(nothing, without_keys, y)


def attention_scores(q: Tensor, k: Tensor, scale: float | None = None) -> Tensor:
    """Return the scaled products of all queries and keys, the scores: [B, H, S, T]."""
    factor = q.shape[-1] ** -0.5 if scale is None else scale
    k = repeat_heads(widened(k), q.shape[1])
    return (widened(q) * factor) @ k.mT


def weighted_values(weights: Tensor, v: Tensor) -> Tensor:
    """Return the sums of values by weight: [B, H, S, T], [B, G, T, F] -> [B, H, S, F]."""
    return weights @ repeat_heads(widened(v), weights.shape[1])


def repeat_heads(x: Tensor, heads: int) -> Tensor:
    """Let consecutive heads share one of [B, G, T, E]."""
    groups = x.shape[1]
    return x if groups == heads else x.repeat_interleave(heads // groups, 1)
