"""Masks of onnxruntime's own attention operators."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def mask_as_bias(
    mask: NDArray[Any] | None,
    attention_bias: NDArray[Any] | None,
    shape: tuple[int, int, int],
    past: int,
    dtype: np.dtype[Any],
    *,
    mask_filter_value: float,
    unidirectional: bool,
) -> NDArray[Any] | None:
    """Return the mask to add to the attention scores, None if there is none.

    Parameters
    ----------
    mask : as in :func:`mask_as_bool`
    attention_bias : broadcastable to [B, H, S, T]
    shape : B, S and T
    past : the position of the first query
    mask_filter_value : added to the scores of masked keys
    unidirectional : whether to mask keys that come after the query

    Raises
    ------
    ValueError
        If the mask has another shape than those above.
    """
    _, steps, keys = shape
    total: Any = None
    if mask is not None:
        kept = mask_as_bool(mask, shape)
        total = np.where(kept, 0, mask_filter_value).astype(dtype)
    if unidirectional and steps > 1:
        later = np.arange(keys) > np.arange(past, past + steps)[:, None]
        later[-1] = False  # which differs only if there are more keys than queries
        nothing = np.finfo(dtype).min  # not mask_filter_value: even if none is left
        total = np.where(later, nothing, dtype.type(0) if total is None else total)
    if attention_bias is None:
        return None if total is None else np.asarray(total)
    return attention_bias if total is None else np.asarray(attention_bias + total)


def mask_as_bool(mask: NDArray[Any], shape: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Return the keys that a mask keeps, as bool broadcastable to [B, 1, S, T].

    Parameters
    ----------
    mask : [B, T] or [B, S, T], positive for keys to keep; [B] or [3 * B + 2], of which
        the first B are how many to keep; [2 * B], where those to keep end, then where
        they begin; or [B, 1] or [1, 1], which keeps all
    shape : B, S and T

    Raises
    ------
    ValueError
        If the mask has another shape.
    """
    batch, steps, keys = shape
    if mask.ndim == 1 and len(mask) in (batch, 2 * batch, 3 * batch + 2):
        place = np.arange(keys)
        kept = place < mask[:batch, None, None, None]
        if len(mask) == 2 * batch:
            kept &= place >= mask[batch:, None, None, None]
        return np.asarray(kept)
    if mask.shape == (batch, keys):
        return np.asarray(mask[:, None, None] > 0)
    if mask.shape == (batch, steps, keys):
        return np.asarray(mask[:, None] > 0)
    if mask.shape in ((batch, 1), (1, 1)):
        return np.ones((1, 1, 1, 1), np.bool_)
    raise ValueError(
        f"mask: expected [{batch}], [{2 * batch}], [{batch}, {keys}] or "
        f"[{batch}, {steps}, {keys}], got {list(mask.shape)}"
    )
