"""Padding and cropping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from ._ints import as_ints

Ints = Union[Sequence[int], Array]


def pad(
    data: Array,
    pads: Ints,
    constant_value: Any = None,
    axes: Ints | None = None,
    *,
    mode: str = "constant",
) -> Array:
    """Add elements at both ends of axes; negative numbers remove elements.

    Parameters
    ----------
    pads : number of elements before each axis, then after each
    constant_value : value to add; 0 or False by default
    axes : the axes of ``pads``; all by default
    mode : "constant"; "edge" repeats the outermost element; "reflect" mirrors the
        elements at it; "wrap" continues at the other end

    Returns
    -------
    y : length ``length + before + after`` along each axis

    Raises
    ------
    ValueError
        If there are not two pads for each axis, an axis is outside ``data``, or ``mode``
        is not "constant" and there is no element to repeat.
    """
    borders = _borders(data.ndim, as_ints(pads), axes)
    if mode == "constant":
        value = 0 if constant_value is None else constant_value
        value = jnp.asarray(value, data.dtype).reshape(())
        return lax.pad(data, value, [(begin, end, 0) for begin, end in borders])
    for axis, (begin, end) in enumerate(borders):
        if begin or end:
            places = _repeated(data.shape[axis], axis, begin, end, mode)
            data = jnp.take(data, places, axis, mode="clip")
    return data


def _borders(
    rank: int, pads: Sequence[int], axes: Ints | None
) -> list[tuple[int, int]]:
    """Return the number of elements to add before and after every axis."""
    where = range(rank) if axes is None else as_ints(axes)
    count = len(where)
    if len(pads) != 2 * count:
        raise ValueError(f"pads: expected {2 * count} numbers, got {len(pads)}")
    borders = [(0, 0)] * rank
    for axis, begin, end in zip(where, pads[:count], pads[count:]):
        if not -rank <= axis < rank:
            raise ValueError(f"axes: expected an axis of {rank}, got {axis}")
        borders[axis] = begin, end
    return borders


def _repeated(
    length: int, axis: int, begin: int, end: int, mode: str
) -> np.ndarray[Any, Any]:
    """Return which elements of an axis are those of the padded one."""
    first, length = max(-begin, 0), length + min(begin, 0) + min(end, 0)
    if length <= 0:
        raise ValueError(f"pad: expected elements along axis {axis}, got none")
    places = np.arange(-max(begin, 0), length + max(end, 0))
    if mode == "edge":
        places = np.clip(places, 0, length - 1)
    elif mode == "wrap":
        places = places % length
    else:
        last = max(length - 1, 1)
        places = np.minimum(last - np.abs(places % (2 * last) - last), length - 1)
    return np.asarray(places + first)


def center_crop_pad(
    input_data: Array, shape: Ints, *, axes: Sequence[int] | None = None
) -> Array:
    """Crop axes that are too long and pad those that are too short, on both sides.

    If the difference is odd, the extra element is added or removed at the end.

    Parameters
    ----------
    shape : the new lengths, in elements
    axes : the axes of ``shape``; all by default

    Raises
    ------
    ValueError
        If ``shape`` and ``axes`` have different lengths.
    """
    wanted = as_ints(shape)
    where = range(input_data.ndim) if axes is None else axes
    if len(where) != len(wanted):
        raise ValueError(f"shape: expected {len(where)} lengths, got {len(wanted)}")
    pads = [n - input_data.shape[axis] for axis, n in zip(where, wanted)]
    # The half at the start is rounded toward zero.
    begins = [int(n / 2) for n in pads]
    ends = [n - begin for n, begin in zip(pads, begins)]
    return pad(input_data, (*begins, *ends), None, tuple(where))
