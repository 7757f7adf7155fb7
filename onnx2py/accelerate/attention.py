"""Attention: two products of moving tensors, and a softmax between them."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .active import threads_in_use
from .cache import kept
from .library import Missing
from .memory import F32, Handle, dense, layout
from .primitive import PLUS, PLUS_SCALED, Call, attributes
from .rows import softmax_call
from .stacks import moving_product

Array = NDArray[Any]

FEW = 60_000
"""Multiply-adds that NumPy does in less time than it takes to call three primitives."""

LARGE = 1 << 21
"""Scores that are computed at once: with more, one head after another."""


class Attention:
    """Attention of tensors of some shapes and strides, in one thread.

    Parameters
    ----------
    q : [D..., G, S, E], G being the heads that share a head of k and v
    k : [D..., 1, E, T]
    v : [D..., 1, T, F]
    mask : [..., S, T], as many axes
    y : [D..., G, S, F], as it lies in memory

    Raises
    ------
    Missing
        If the library does not have it.
    """

    def __init__(
        self, q: Array, k: Array, v: Array, mask: Array | None, y: Array, scale: float
    ) -> None:
        self.shape = *q.shape[:-1], k.shape[-1]
        self.adds = False
        steps = dense(self.shape)
        if mask is None:
            after = attributes(scale=scale)
            self.scores = moving_product(q, k, self.shape, steps, after)
        else:
            self.scores = self._masked(q, k, mask, scale)
        count = prod(self.shape[:-1])
        self.softmax = softmax_call((count, self.shape[-1]), 1)
        scores = np.broadcast_to(np.float32(0), self.shape)
        scores = np.lib.stride_tricks.as_strided(
            scores, self.shape, [4 * step for step in steps]
        )
        out = [step // 4 for step in y.strides]
        self.values = moving_product(scores, v, y.shape, out)

    def _masked(self, q: Array, k: Array, mask: Array, scale: float) -> Call:
        """Return the call for scores, with the mask if the library can add it."""
        steps = dense(self.shape)
        added: Handle = layout(mask.shape)
        number = PLUS if scale == 1 else PLUS_SCALED
        try:
            after = attributes(added, scale=scale)
            return moving_product(q, k, self.shape, steps, after, [(number, added)])
        except Missing:
            self.adds = True
            return moving_product(q, k, self.shape, steps, attributes(scale=scale))

    def __call__(
        self, q: Array, k: Array, v: Array, mask: Array | None, y: Array
    ) -> bool:
        """Compute ``y``; return whether it was done."""
        scores = np.empty(self.shape, F32)
        fused = () if mask is None or self.adds else (mask,)
        if not self.scores(q, k, scores, *fused):
            return False
        if self.adds:
            scores += mask
        return self.softmax(scores, scores) and self.values(scores, v, y)


def dot_product_attention(
    q: Array,
    k: Array,
    v: Array,
    mask: Array | None = None,
    *,
    scale: float = 1.0,
    zero_for_nan: bool = False,
    groups: int = 1,
) -> Array | None:
    """Return ``softmax(scale * q @ k + mask) @ v``; in memory, as [..., S, D, F].

    None is returned for arguments that NumPy's kernel has to see to.
    """
    tensors = [t for t in (q, k, v, mask) if t is not None]
    if any(t.dtype != F32 for t in tensors) or not 3 <= q.ndim <= 5:
        return None
    if q.ndim != k.ndim or k.ndim != v.ndim or 0 in (*q.shape, *k.shape, *v.shape):
        return None
    *outer, heads, length, depth = q.shape
    times, width = v.shape[-2:]
    if groups < 1 or heads % groups or k.shape[:-2] != (*outer, heads // groups):
        return None
    if v.shape[:-2] != k.shape[:-2] or k.shape[-2:] != (depth, times):
        return None
    if prod(outer) * heads * length * times * (depth + width) < FEW:
        return None
    memory = np.empty((*outer, length, heads, width), F32)
    y = memory.swapaxes(-2, -3)
    split = *outer, heads // groups, groups
    parts = q.reshape(*split, length, depth), y.reshape(*split, length, width)
    if not np.may_share_memory(parts[1], memory):
        return None
    if mask is not None:
        mask = _split(mask, (*q.shape[:-1], times), split)
        if mask is None:
            return None
    keys, values = k[..., None, :, :], v[..., None, :, :]
    if not _blocks(parts[0], keys, values, mask, parts[1], float(scale)):
        return None
    if (mask is not None or zero_for_nan) and np.isnan(y.min()):
        return None  # rows without any key, or NaN: NumPy's kernel sees to them
    return y


def _split(mask: Array, shape: tuple[int, ...], split: tuple[int, ...]) -> Array | None:
    """Return a mask with its heads in groups, if it is broadcastable to a shape."""
    mask = mask.reshape((1,) * (len(shape) - mask.ndim) + mask.shape)
    if mask.ndim != len(shape):
        return None
    if any(have not in (1, want) for have, want in zip(mask.shape, shape)):
        return None
    *outer, heads, length, keys = mask.shape
    grouped = (1, 1) if heads == 1 else split[-2:]
    return np.ascontiguousarray(mask).reshape(*outer, *grouped, length, keys)


def _blocks(
    q: Array, k: Array, v: Array, mask: Array | None, y: Array, scale: float
) -> bool:
    """Compute attention at once, or for one index of the first axis after another."""
    if prod(q.shape[:-1]) * k.shape[-1] <= LARGE or q.ndim < 4:
        return _attend(q, k, v, mask, y, scale)
    for index in range(len(q)):
        part = mask
        if mask is not None:
            part = mask[index if len(mask) > 1 else 0]
        if not _blocks(q[index], k[index], v[index], part, y[index], scale):
            return False
    return True


def _attend(
    q: Array, k: Array, v: Array, mask: Array | None, y: Array, scale: float
) -> bool:
    """Compute attention by the calls that are kept for such tensors."""
    key = (
        "attention",
        q.shape,
        q.strides,
        k.shape,
        k.strides,
        v.shape,
        v.strides,
        mask if mask is None else mask.shape,
        y.strides,
        scale,
        threads_in_use(),
    )
    call = kept(key, lambda: Attention(q, k, v, mask, y, scale))
    return call is not None and call(q, k, v, mask, y)
