"""The axes to resize, and the positions of their new elements on the old ones.

Lengths are known when a program is traced: positions are constants.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Optional, Union

import jax.numpy as jnp
import numpy as np
from jax import Array

from ._ints import as_ints

Numbers = Optional[Union[Sequence[float], Array]]
Constants = np.ndarray[Any, Any]


class ResizedAxis(NamedTuple):
    """One axis: its length before and after, the scale, and the region of interest."""

    axis: int
    length: int
    out_length: int
    scale: Any
    start: float
    end: float


def resized_axes(
    shape: Sequence[int],
    roi: Numbers,
    scales: Numbers,
    sizes: Numbers,
    axes: Sequence[int] | None,
    policy: str,
) -> list[ResizedAxis]:
    """Return every axis whose scale is not 1; none if the shape does not change.

    The new length is ``floor(length * scale)``, or the size; a policy of "not_larger" or
    "not_smaller" scales all axes alike, so that they fit into the sizes or fill them.

    Raises
    ------
    ValueError
        If there is not one scale or size for each axis, or an empty axis would grow.
    """
    axes = range(len(shape)) if axes is None else axes
    axes = [axis % len(shape) for axis in axes]
    corners, factors, outs = _numbers(roi), _numbers(scales), _numbers(sizes)
    given = factors or outs
    if len(given) != len(axes):
        raise ValueError(f"resize: expected {len(axes)} scales or sizes, got {given}")
    lengths = [shape[axis] for axis in axes]
    if factors:
        factors = [np.float32(factor) for factor in factors]
        outs = [int(f * np.float32(n)) for f, n in zip(factors, lengths)]
    else:
        factors = [_ratio(out, n) for out, n in zip(outs, lengths)]
        if policy != "stretch":
            factor = min(factors) if policy == "not_larger" else max(factors)
            factors = [factor] * len(axes)
            outs = [int(np.floor(factor * np.float32(n) + 0.5)) for n in lengths]
    if outs == lengths:
        return []
    corners = corners or [*[0.0] * len(axes), *[1.0] * len(axes)]
    starts, ends = corners[: len(axes)], corners[len(axes) :]
    found = map(ResizedAxis, axes, lengths, outs, factors, starts, ends)
    return sorted(axis for axis in found if axis.scale != 1)


def _numbers(values: Numbers) -> list[Any]:
    """Return a list of numbers, empty for none."""
    return [] if values is None else list(as_ints(values))


def _ratio(out_length: int, length: int) -> Any:
    if length == 0 and out_length > 0:
        raise ValueError(f"resize: an empty axis cannot grow to {out_length}")
    return np.float32(out_length) / np.float32(length) if length else np.float32(1)


def source_positions(axis: ResizedAxis, mode: str) -> Constants:
    """Return the position of each new element on the old axis, in elements, as float32.

    Raises
    ------
    ValueError
        If the mode is unknown.
    """
    _, length, out_length, scale, start, end = axis
    i: Any = np.arange(out_length, dtype=np.float32)
    half, one = np.float32(0.5), np.float32(1)
    last = np.float32(length - 1)
    if mode == "half_pixel" or (mode == "pytorch_half_pixel" and out_length > 1):
        return np.asarray((i + half) / scale - half)
    if mode == "asymmetric":
        return np.asarray(i / scale)
    if mode == "align_corners" and out_length > 1:
        return np.asarray(i * last / np.float32(out_length - 1))
    if mode in ("pytorch_half_pixel", "align_corners"):
        return np.asarray(i * 0)
    if mode == "tf_half_pixel_for_nn":
        return np.asarray((i + half) / scale)
    if mode == "half_pixel_symmetric":
        adjustment = np.float32(out_length) / (scale * np.float32(length))
        offset = np.float64(np.float32(length) / 2 * (one - adjustment))
        exact = offset + (i.astype(np.float64) + 0.5) / scale - 0.5
        return np.asarray(exact.astype(np.float32))
    if mode != "tf_crop_and_resize":
        raise ValueError(f"resize: unknown coordinate transformation mode {mode!r}")
    first, width = np.float32(start), np.float32(end) - np.float32(start)
    if out_length > 1:
        steps = (i * width * last) / np.float32(out_length - 1)
        return np.asarray(first * last + steps)
    return np.asarray(half * (first + np.float32(end)) * last + i)


def filled_outside(
    y: Array, axis: ResizedAxis, positions: Constants, mode: str, value: float
) -> Array:
    """Write ``value`` to the new elements outside the old axis, for "tf_crop_and_resize"."""
    outside = (positions < 0) | (positions > axis.length - 1)
    if mode != "tf_crop_and_resize" or not outside.any():
        return y
    return jnp.where(along(outside, y, axis.axis), jnp.asarray(value, y.dtype), y)


def along(numbers: Constants, x: Array, axis: int) -> Constants:
    """Give numbers [..., O] the shape in which they broadcast along an axis of ``x``."""
    return numbers.reshape(*numbers.shape, *[1] * (x.ndim - 1 - axis))
