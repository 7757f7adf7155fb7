"""Attention as exporters write it out: two products, and a softmax between them."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from .softmax import softmax

LEAST_SUM = 2.0**-40
"""With smaller sums of exponentials, parts of them could be too small for float32."""
LARGE = 1 << 16
"""How many scores are made at once, so that they stay in the cache."""


def dot_product_attention(
    q: NDArray[Any],
    k: NDArray[Any],
    v: NDArray[Any],
    mask: Optional[NDArray[Any]] = None,
    *,
    scale: float = 1.0,
    zero_for_nan: bool = False,
    groups: int = 1,
) -> NDArray[Any]:
    """Return ``softmax(scale * q @ k + mask) @ v``.

    Parameters
    ----------
    q : [D..., S, E]
    k : [D..., E, T], a key in each column
    v : [D..., T, F]
    mask : what broadcasts to [D..., S, T], none by default
    scale : what to multiply q by
    zero_for_nan : whether NaN as softmax, of a row of minus infinity, becomes 0
    groups : how many heads of q in a row share one of k and v, which have so many fewer

    Returns
    -------
    y : [D..., S, F]; in memory, as [..., S, D, F]

    ONNX: https://onnx.ai/onnx/operators/onnx__Attention.html
    """
    q = q if scale == 1 else np.asarray(q * q.dtype.type(scale))
    heads, shape = q.shape[:-2], (*q.shape[:-1], k.shape[-1])
    fits = mask is None or _fits(mask, shape)
    if groups > 1 and fits:
        mask = None if mask is None else _grouped(mask, shape, groups)
        # The queries of heads that share one of k and v are more queries of one head.
        rows = q.reshape(*q.shape[:-3], k.shape[-3], groups * shape[-2], q.shape[-1])
        y = dot_product_attention(rows, k, v, mask, zero_for_nan=zero_for_nan)
        return y.reshape(*y.shape[:-3], *shape[-3:-1], y.shape[-1])
    if groups > 1:
        k, v = np.repeat(k, groups, axis=-3), np.repeat(v, groups, axis=-3)
    alike = heads and heads == k.shape[:-2] == v.shape[:-2]
    if not alike or 0 in shape or not fits:
        return _step_by_step(q, k, v, mask, zero_for_nan)
    y = np.empty((*heads[:-1], shape[-2], heads[-1], v.shape[-1]), q.dtype)
    y = y.swapaxes(-2, -3)
    if prod(shape) <= LARGE:
        _attend(q, k, v, mask, zero_for_nan, y)
        return y
    if mask is not None:
        mask = np.broadcast_to(mask, shape)
    for place in _blocks(heads, LARGE // (shape[-2] * shape[-1])):
        part = None if mask is None else mask[place]
        _attend(q[place], k[place], v[place], part, zero_for_nan, y[place])
    return y


def _grouped(mask: NDArray[Any], shape: tuple[int, ...], groups: int) -> NDArray[Any]:
    """Return a mask of scores [..., H, S, T] for [..., H / groups, groups * S, T]."""
    heads, length = shape[-3:-1]
    if mask.ndim > 2 and mask.shape[-3] > 1:
        full = np.broadcast_to(mask, (*mask.shape[:-2], length, mask.shape[-1]))
        return full.reshape(
            *mask.shape[:-3], heads // groups, groups * length, mask.shape[-1]
        )
    if mask.ndim > 1 and mask.shape[-2] > 1:
        return np.concatenate((mask,) * groups, axis=-2)
    return mask


def _blocks(heads: tuple[int, ...], most: int) -> Iterator[tuple[Any, ...]]:
    """Yield indices of so many heads at once, or of one."""
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
    mask: Optional[NDArray[Any]],
    zero_for_nan: bool,
    out: NDArray[Any],
) -> None:
    """Write to ``out``.

    The greatest score is not taken off first, and results are divided instead of weights: that
    spares up to two fifths of the time, if scores are many. Where an exponential leaves the
    range of floats, all is done anew.
    """
    scores = np.asarray(np.matmul(q, k))
    if mask is not None:
        scores += mask
    np.exp(scores, out=scores)
    total = row_sums(scores)
    y = np.matmul(scores, v)
    least = total.item(total.argmin())  # less than half the time of total.min()
    if least >= LEAST_SUM and np.vdot(y, y) < np.inf:
        np.divide(y, total[..., None], out=out)
    else:
        out[...] = _step_by_step(q, k, v, mask, zero_for_nan)


def row_sums(x: NDArray[Any]) -> NDArray[Any]:
    """Return the sums along the last axis."""
    length = x.shape[-1]
    # BLAS adds one after another, which loses digits in long rows; few are not worth it.
    if length > 4096 or x.size <= 1024:
        return np.asarray(np.add.reduce(x, -1))
    # A product with ones takes a quarter of the time where there is much to add.
    return (x.reshape(-1, length) @ np.ones(length, x.dtype)).reshape(x.shape[:-1])


def _step_by_step(
    q: NDArray[Any],
    k: NDArray[Any],
    v: NDArray[Any],
    mask: Optional[NDArray[Any]],
    zero_for_nan: bool,
) -> NDArray[Any]:
    scores = np.matmul(q, k)
    if mask is not None:
        scores = np.asarray(scores + mask)
    weights = softmax(scores)
    if zero_for_nan:
        weights = np.where(np.isnan(weights), weights.dtype.type(0), weights)
    return np.asarray(np.matmul(weights, v))


def _fits(mask: NDArray[Any], shape: tuple[int, ...]) -> bool:
    """Whether ``mask`` broadcasts to ``shape``, and not to a larger one."""
    if mask.ndim > len(shape):
        return False
    return all(m in (1, n) for m, n in zip(mask.shape[::-1], shape[::-1]))
