"""Slices and splits of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from jax import Array

from ._ints import as_ints
from ._slices import cut


def split(
    input: Array,
    split: Sequence[int] | Array | None = None,
    *,
    axis: int = 0,
    num_outputs: int = 0,
) -> tuple[Array, ...]:
    """Cut ``input`` along ``axis`` and return the parts.

    Parameters
    ----------
    split : the length of each part, in elements
    num_outputs : without ``split``, the number of parts of ceil(length / num_outputs)
        elements; the last one may be shorter

    Raises
    ------
    ValueError
        If the lengths of the parts do not sum to the length of the axis.
    """
    length = input.shape[axis]
    if split is None:
        part = -(-length // num_outputs)
        first = [part] * (num_outputs - 1)
        lengths: Sequence[int] = [*first, length - part * (num_outputs - 1)]
    else:
        lengths = as_ints(split)
    return tuple(cut(input, lengths, axis))
