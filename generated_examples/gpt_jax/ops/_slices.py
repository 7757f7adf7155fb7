"""Parts of arrays."""

from __future__ import annotations

import jax.numpy as jnp
from collections.abc import Sequence
from itertools import accumulate
from jax import Array


def cut(x: Array, lengths: Sequence[int], axis: int) -> list[Array]:
    """Return the parts of ``x`` along ``axis``, which have the given lengths.

    Raises
    ------
    ValueError
        If the lengths do not sum to the length of the axis.
    """
    length = x.shape[axis]
    if sum(lengths) != length or min(lengths, default=0) < 0:
        raise ValueError(f"split: expected parts of {length} in all, got {lengths}")
    if not lengths:
        return []
    return jnp.split(x, list(accumulate(lengths))[:-1], axis)
