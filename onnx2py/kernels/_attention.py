"""Heads, masks and the masked softmax, shared by the attention operators."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._precision import widened


def split_heads(x: NDArray[Any], heads: int) -> NDArray[Any]:
    """[B, S, H * E] -> [B, H, S, E]."""
    b, s, size = x.shape
    return np.asarray(x.reshape(b, s, heads, size // heads).swapaxes(1, 2))


def merge_heads(x: NDArray[Any]) -> NDArray[Any]:
    """[B, H, S, E] -> [B, S, H * E]."""
    b, heads, s, size = x.shape
    return np.asarray(x.swapaxes(1, 2).reshape(b, s, heads * size))


def attention_mask(
    lengths: tuple[int, int],
    past: int,
    nonpad: NDArray[Any] | None,
    *,
    is_causal: bool,
    left: int,
    right: int,
) -> NDArray[np.bool_] | None:
    """Return the mask of visible keys, bool[B, 1, S, T], None if all are visible.

    ``past`` is the position of the first query; ``nonpad`` is the number of valid keys,
    the last of which belong to the queries.
    """
    queries, keys = lengths
    right = min(right, 0) if is_causal and right >= 0 else 0 if is_causal else right
    if nonpad is None and left < 0 and right < 0:
        return None
    key = np.arange(keys)
    first: Any = past
    allowed = np.ones((1, 1, 1, 1), np.bool_)
    if nonpad is not None:
        count = nonpad.reshape(-1, 1, 1, 1)
        allowed = key < count
        first = count - queries if past == 0 else past
    position = np.arange(queries)[:, None] + first
    if right >= 0:
        allowed = allowed & (key <= position + right)
    if left >= 0:
        allowed = allowed & (key >= position - left)
    return np.asarray(allowed)


def apply_mask(
    scores: NDArray[Any],
    mask: NDArray[Any] | None,
    allowed: NDArray[np.bool_] | None,
) -> NDArray[Any]:
    """Add a float mask; write minus infinity where keys are hidden."""
    nothing = scores.dtype.type(-np.inf)
    if mask is not None:
        missing = scores.shape[-1] - mask.shape[-1]
        if missing > 0 and mask.shape[-1] > 1:
            fill = np.full((*mask.shape[:-1], missing), mask.dtype.type(0))
            kept = np.arange(scores.shape[-1]) < mask.shape[-1]
            mask = np.concatenate((mask, fill), axis=-1)
            allowed = kept if allowed is None else allowed & kept
        if mask.dtype == np.bool_:
            scores = np.where(mask, scores, nothing)
        else:
            scores = scores + mask.astype(scores.dtype, copy=False)
    if allowed is not None:
        scores = np.where(allowed, scores, nothing)
    return scores


def masked_softmax(scores: NDArray[Any], guarded: bool) -> NDArray[Any]:
    """Return the softmax along the last axis, computed in place unless in half precision.

    Other than ``exp(scores) / sum(exp(scores))``, which is NaN for a row of minus infinity,
    the result for such a row is 0 if ``guarded``: the query sees no key.
    """
    if scores.size == 0:
        return scores
    y = widened(scores)
    highest = np.maximum.reduce(y, -1, keepdims=True)
    if guarded:
        highest = np.where(highest == -np.inf, y.dtype.type(0), highest)
    y -= highest
    np.exp(y, out=y)
    total = np.add.reduce(y, -1, keepdims=True)
    if guarded:
        total = np.where(total == 0, y.dtype.type(1), total)
    y /= total
    return y if y is scores else y.astype(scores.dtype)
