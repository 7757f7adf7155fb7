"""Heads, masks and the masked softmax, shared by the attention operators."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from ._precision import widened


def split_heads(x: Array, heads: int) -> Array:
    """[B, S, H * E] -> [B, H, S, E]."""
    b, s, size = x.shape
    return jnp.swapaxes(x.reshape(b, s, heads, size // heads), 1, 2)


def merge_heads(x: Array) -> Array:
    """[B, H, S, E] -> [B, S, H * E]."""
    b, heads, s, size = x.shape
    return x.swapaxes(1, 2).reshape(b, s, heads * size)


def attention_mask(
    lengths: tuple[int, int],
    past: int,
    nonpad: Array | None,
    *,
    is_causal: bool,
    left: int,
    right: int,
) -> Array | None:
    """Return the mask of visible keys, bool[B, 1, S, T], None if all are visible.

    ``past`` is the position of the first query; ``nonpad`` is the number of valid keys,
    the last of which belong to the queries.
    """
    queries, keys = lengths
    if is_causal:
        right = min(right, 0) if right >= 0 else 0
    if nonpad is None and left < 0 and right < 0:
        return None
    key = jnp.arange(keys)
    position = jnp.arange(queries)[:, None] + past
    allowed = jnp.ones((1, 1, 1, 1), bool)
    if nonpad is not None:
        count = nonpad.reshape(-1, 1, 1, 1)
        allowed = key < count
        position = position + (count - queries if past == 0 else 0)
    if right >= 0:
        allowed = allowed & (key <= position + right)
    if left >= 0:
        allowed = allowed & (key >= position - left)
    return allowed


def apply_mask(scores: Array, mask: Array | None, allowed: Array | None) -> Array:
    """Add a mask of numbers; write minus infinity where keys are hidden.

    Keys beyond the last axis of a mask are hidden too.
    """
    if mask is not None:
        mask = mask if mask.dtype == bool else mask.astype(scores.dtype)
        missing = scores.shape[-1] - mask.shape[-1]
        if missing > 0 and mask.shape[-1] > 1:
            ends = [(0, 0)] * (mask.ndim - 1) + [(0, missing)]
            hidden = False if mask.dtype == bool else -jnp.inf
            mask = jnp.pad(mask, ends, constant_values=hidden)
        if mask.dtype == bool:
            scores = jnp.where(mask, scores, -jnp.inf)
        else:
            scores = scores + mask
    return scores if allowed is None else jnp.where(allowed, scores, -jnp.inf)


def masked_softmax(scores: Array, guarded: bool) -> Array:
    """Return the softmax along the last axis; 0 for a row of minus infinity if ``guarded``."""
    wide = widened(scores)
    if not guarded:
        return jax.nn.softmax(wide).astype(scores.dtype)
    nothing = (wide == -jnp.inf).all(-1, keepdims=True)
    weights = jax.nn.softmax(jnp.where(nothing, 0, wide))
    return jnp.where(nothing, 0, weights).astype(scores.dtype)


def attention_scores(q: Array, k: Array, scale: float | None = None) -> Array:
    """Return the scaled products of all queries and keys, the scores: [B, H, S, T]."""
    factor = q.shape[-1] ** -0.5 if scale is None else scale
    return product_by_group(widened(q) * factor, jnp.swapaxes(widened(k), 2, 3))


def weighted_values(weights: Array, v: Array) -> Array:
    """Return the sums of values by weight: [B, H, S, T], [B, G, T, F] -> [B, H, S, F]."""
    return product_by_group(weights, widened(v))


def product_by_group(x: Array, y: Array) -> Array:
    """Return [..., H, S, N] @ [..., G, N, M]: each of G serves H / G consecutive heads."""
    *batch, heads, s, size = x.shape
    groups = y.shape[-3]
    # One product for all rows of a group: its matrix need not be repeated.
    rows = x.reshape(*batch, groups, heads // groups * s, size)
    product = jnp.matmul(rows, y)
    return product.reshape(*product.shape[:-3], heads, s, y.shape[-1])
