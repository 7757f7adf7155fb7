"""Masks of onnxruntime's own attention operators."""

from __future__ import annotations

import torch
from torch import Tensor


def mask_as_bias(
    mask: Tensor | None,
    attention_bias: Tensor | None,
    shape: tuple[int, int, int],
    past: int,
    like: Tensor,
    *,
    mask_filter_value: float,
    unidirectional: bool,
) -> Tensor | None:
    """Return the mask to add to the attention scores, None if there is none.

    ``shape`` is B, S and T, ``past`` the position of the first query; ``like`` has the dtype
    and the device of the scores.
    """
    _, steps, keys = shape
    total = None
    if mask is not None:
        hidden = max(mask_filter_value, torch.finfo(like.dtype).min)
        total = torch.where(mask_as_bool(mask, shape), 0, hidden).to(like.dtype)
    if unidirectional and steps > 1:
        query = torch.arange(past, past + steps, device=like.device)
        key = torch.arange(keys, device=like.device)
        # The last query sees all keys, which differs only if there are more of them.
        later = (key > query[:, None]) & (query[:, None] < past + steps - 1)
        nothing = torch.finfo(
            like.dtype
        ).min  # not mask_filter_value: even if none is left
        zero = torch.zeros((), dtype=like.dtype, device=like.device)
        total = torch.where(later, nothing, zero if total is None else total)
    if attention_bias is None:
        return total
    return attention_bias if total is None else attention_bias + total


def mask_as_bool(mask: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """Return the keys that a mask keeps, as bool broadcastable to [B, 1, S, T].

    The mask is [B, T] or [B, S, T], positive for keys to keep; [B] or [3 * B + 2], of which
    the first B are how many to keep; [2 * B], where those to keep end, then where they
    begin; or [B, 1] or [1, 1], which keeps all.

    Raises
    ------
    ValueError
        If the mask has another shape.
    """
    batch, steps, keys = shape
    size = tuple(mask.shape)
    if mask.ndim == 1 and len(mask) in (batch, 2 * batch, 3 * batch + 2):
        place = torch.arange(keys, device=mask.device)
        kept = place < mask[:batch, None, None, None]
        if len(mask) == 2 * batch:
            kept = kept & (place >= mask[batch:, None, None, None])
        return kept
    if size == (batch, keys):
        return mask[:, None, None] > 0
    if size == (batch, steps, keys):
        return mask[:, None] > 0
    if size in ((batch, 1), (1, 1)):
        return torch.ones((1, 1, 1, 1), dtype=torch.bool, device=mask.device)
    raise ValueError(
        f"mask: expected [{batch}], [{2 * batch}], [{batch}, {keys}] or "
        f"[{batch}, {steps}, {keys}], got {list(mask.shape)}"
    )
