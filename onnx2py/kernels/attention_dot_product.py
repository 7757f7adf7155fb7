"""Scaled dot-product attention."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._row_sums import row_sums
from .softmax import softmax

LEAST_SUM = 2.0**-40
"""For smaller sums of exponentials, some terms could underflow in float32."""
LARGE = 1 << 16
"""Number of scores computed at once: few enough to stay in the cache."""


def dot_product_attention(
    q: NDArray[Any],
    k: NDArray[Any],
    v: NDArray[Any],
    mask: NDArray[Any] | None = None,
    *,
    scale: float = 1.0,
    zero_for_nan: bool = False,
    groups: int = 1,
) -> NDArray[Any]:
    """Return ``softmax(scale * q @ k + mask) @ v``.

    Parameters
    ----------
    q : float[D..., S, E]
    k : float[D..., E, T], a key in each column
    v : float[D..., T, F]
    mask : broadcastable to [D..., S, T]; none by default
    scale : factor of q
    zero_for_nan : whether the softmax of a row of minus infinity is 0 instead of NaN
    groups : number of consecutive heads of q that share a head of k and v

    Returns
    -------
    y : float[D..., S, F]; in memory, as [..., S, D, F]

    ONNX: https://onnx.ai/onnx/operators/onnx__Attention.html
    """
    q = q if scale == 1 else np.asarray(q * q.dtype.type(scale))
    heads, shape = q.shape[:-2], (*q.shape[:-1], k.shape[-1])
    shared = (*heads[:-1], heads[-1] // groups) if heads else ()
    alike = shared and shared == k.shape[:-2] == v.shape[:-2]
    if not alike or 0 in shape or not (mask is None or _fits(mask, shape)):
        if groups > 1:
            k, v = np.repeat(k, groups, axis=-3), np.repeat(v, groups, axis=-3)
        scores = np.matmul(q, k)
        scores = scores if mask is None else np.asarray(scores + mask)
        return _step_by_step(scores, v, zero_for_nan)
    memory = np.empty((*heads[:-1], shape[-2], heads[-1], v.shape[-1]), q.dtype)
    result = y = memory.swapaxes(-2, -3)
    if groups > 1:
        # Queries of heads that share a head of k and v are treated as queries of one head.
        q = q.reshape(*shared, groups * shape[-2], q.shape[-1])
        y = result.reshape(*shared, groups, shape[-2], v.shape[-1])
        mask = mask if mask is None or mask.ndim < 3 else _by_groups(mask, groups)
    if prod(shape) <= LARGE:
        _attend(q, k, v, mask, zero_for_nan, y)
        return result
    if mask is not None:
        mask = np.broadcast_to(mask, (*y.shape[:-1], k.shape[-1]))
    for place in _blocks(shared, LARGE // (q.shape[-2] * k.shape[-1])):
        part = None if mask is None else mask[place]
        _attend(q[place], k[place], v[place], part, zero_for_nan, y[place])
    return result


def _by_groups(mask: NDArray[Any], groups: int) -> NDArray[Any]:
    """Split the heads of a mask: [..., H, S, T] -> [..., H / groups, groups, S, T]."""
    *before, heads, length, keys = mask.shape
    grouped = (1, 1) if heads == 1 else (heads // groups, groups)
    return mask.reshape(*before, *grouped, length, keys)


def _blocks(heads: tuple[int, ...], most: int) -> Iterator[tuple[Any, ...]]:
    """Yield indices of blocks of heads, at least one head each."""
    axis = len(heads) - 1
    while axis and prod(heads[axis:]) <= most:
        axis -= 1
    step = max(1, most // prod(heads[axis + 1 :]))
    for outer in np.ndindex(heads[:axis]):
        for i in range(0, heads[axis], step):
            yield (*outer, slice(i, i + step))


def _attend(
    q: NDArray[Any],
    k: NDArray[Any],
    v: NDArray[Any],
    mask: NDArray[Any] | None,
    zero_for_nan: bool,
    out: NDArray[Any],
) -> None:
    """Write attention to ``out``.

    The maximum is not subtracted first, and results are divided instead of weights, which
    saves up to 40% of the time for many scores. Where an exponential overflows or underflows,
    the block is computed again in the usual way.
    """
    shape = (*out.shape[:-1], k.shape[-1])
    scores = _masked_scores(q, k, mask, shape)
    np.exp(scores, out=scores)
    total = row_sums(scores)
    y = np.matmul(scores, v)
    least = total.item(total.argmin())  # less than half the time of total.min()
    if least >= LEAST_SUM and np.vdot(y, y) < np.inf:
        y = y.reshape(out.shape)
        np.divide(y, total.reshape(*out.shape[:-1], 1), out=out)
    else:
        y = _step_by_step(_masked_scores(q, k, mask, shape), v, zero_for_nan)
        out[...] = y.reshape(out.shape)


def _masked_scores(
    q: NDArray[Any],
    k: NDArray[Any],
    mask: NDArray[Any] | None,
    shape: tuple[int, ...],
) -> NDArray[Any]:
    """Return ``q @ k + mask``, where ``mask`` may have the heads in groups."""
    scores = np.asarray(np.matmul(q, k))
    if mask is not None:
        masked = scores.reshape(shape)
        masked += mask
    return scores


def _step_by_step(
    scores: NDArray[Any], v: NDArray[Any], zero_for_nan: bool
) -> NDArray[Any]:
    weights = softmax(scores)
    if zero_for_nan:
        weights = np.where(np.isnan(weights), weights.dtype.type(0), weights)
    return np.asarray(np.matmul(weights, v))


def _fits(mask: NDArray[Any], shape: tuple[int, ...]) -> bool:
    """Return whether ``mask`` broadcasts to ``shape`` and not to a larger one."""
    for have, want in zip(reversed(mask.shape), reversed(shape)):
        if have != want and have != 1:
            return False
    return mask.ndim <= len(shape)
