"""Parts of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from ._ints import as_ints


def sliced(x: Array, index: Sequence[Any]) -> Array:
    """Return ``x[index]``."""
    far = max((1, *x.shape))
    return x[tuple(_near(part, far) for part in index)]


def _near(part: Any, far: int) -> Any:
    """Return a slice without a step that is longer than any axis: XLA would overflow."""
    if not isinstance(part, slice) or part.step is None:
        return part
    return slice(part.start, part.stop, max(-far, min(part.step, far)))


def chosen(x: Array, condition: Any, axis: int | None) -> Array:
    """Return the slices along ``axis`` where a condition is true; all elements if None.

    ``condition`` may be shorter than the axis, and is not traced: it decides a shape.
    """
    length = x.size if axis is None else x.shape[axis]
    places = np.flatnonzero(as_ints(condition)[:length])
    return jnp.take(x, places, axis)


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
