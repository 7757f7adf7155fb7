"""Masks of onnxruntime's own attention operators."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax import Array


def mask_as_bias(
    mask: Array | None,
    attention_bias: Array | None,
    shape: tuple[int, int, int],
    past: int,
    dtype: jnp.dtype,
    *,
    mask_filter_value: float,
    unidirectional: bool,
) -> Array | None:
    """Return the mask to add to the attention scores, None if there is none.

    ``shape`` is B, S and T, ``past`` the position of the first query.
    """
    _, steps, keys = shape
    total = None
    if mask is not None:
        kept = mask_as_bool(mask, shape)
        total = jnp.where(kept, 0, mask_filter_value).astype(dtype)
    if unidirectional and steps > 1:
        query = jnp.arange(past, past + steps)[:, None]
        # The last query sees all keys, which differs only if there are more of them.
        later = (jnp.arange(keys) > query) & (query < past + steps - 1)
        nothing = np.finfo(dtype).min  # not mask_filter_value: even if none is left
        zero = jnp.zeros((), dtype)
        total = jnp.where(later, nothing, zero if total is None else total)
    if attention_bias is None:
        return total
    return attention_bias if total is None else attention_bias + total


def mask_as_bool(mask: Array, shape: tuple[int, int, int]) -> Array:
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
    if mask.ndim == 1 and len(mask) in (batch, 2 * batch, 3 * batch + 2):
        place = jnp.arange(keys)
        kept = place < mask[:batch, None, None, None]
        if len(mask) == 2 * batch:
            kept = kept & (place >= mask[batch:, None, None, None])
        return kept
    if mask.shape == (batch, keys):
        return mask[:, None, None] > 0
    if mask.shape == (batch, steps, keys):
        return mask[:, None] > 0
    if mask.shape in ((batch, 1), (1, 1)):
        return jnp.ones((1, 1, 1, 1), bool)
    raise ValueError(
        f"mask: expected [{batch}], [{2 * batch}], [{batch}, {keys}] or "
        f"[{batch}, {steps}, {keys}], got {list(mask.shape)}"
    )
