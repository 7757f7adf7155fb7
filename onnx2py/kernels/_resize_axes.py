"""The axes to resize, and the positions of their new elements on the old ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Optional, Union

import numpy as np
from numpy.typing import NDArray

Numbers = Optional[Union[Sequence[float], NDArray[Any]]]


class ResizedAxis(NamedTuple):
    """One axis: its length before and after, the scale, and the region of interest."""

    axis: int
    length: int
    out_length: int
    scale: Any
    start: float
    end: float


def hashable(numbers: Numbers) -> tuple[float, ...] | None:
    """Return a tuple of numbers, or None for none, as a key for caches."""
    if isinstance(numbers, np.ndarray):
        numbers = numbers.tolist()
    return tuple(numbers) if numbers is not None and len(numbers) else None


def resized_axes(
    shape: tuple[int, ...],
    roi: tuple[float, ...] | None,
    scales: tuple[float, ...] | None,
    sizes: tuple[float, ...] | None,
    axes: tuple[int, ...] | None,
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
    axes = tuple(range(len(shape))) if axes is None else axes
    axes = tuple(axis % len(shape) for axis in axes)
    given = scales if scales is not None else sizes
    if given is None or np.size(given) != len(axes):
        raise ValueError(f"resize: expected {len(axes)} scales or sizes, got {given}")
    lengths = [shape[axis] for axis in axes]
    if scales is not None:
        factors = [np.float32(scale) for scale in scales]
        outs = [int(f * np.float32(n)) for f, n in zip(factors, lengths)]
    else:
        outs = [int(size) for size in given]
        factors = [_ratio(out, n) for out, n in zip(outs, lengths)]
        if policy != "stretch":
            factor = min(factors) if policy == "not_larger" else max(factors)
            factors = [factor] * len(axes)
            outs = [int(np.floor(factor * np.float32(n) + 0.5)) for n in lengths]
    if outs == lengths:
        return []
    starts, ends = (0.0,) * len(axes), (1.0,) * len(axes)
    if roi is not None:
        starts, ends = roi[: len(axes)], roi[len(axes) :]
    found = map(ResizedAxis, axes, lengths, outs, factors, starts, ends)
    return sorted(axis for axis in found if axis.scale != 1)


def _ratio(out_length: int, length: int) -> Any:
    if length == 0 and out_length:
        raise ValueError(f"resize: an empty axis cannot grow to {out_length}")
    return np.float32(out_length) / np.float32(length) if length else np.float32(1)


def source_positions(axis: ResizedAxis, mode: str) -> NDArray[Any]:
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
        return np.asarray(
            (offset + (i.astype(np.float64) + 0.5) / scale - 0.5).astype(np.float32)
        )
    if mode != "tf_crop_and_resize":
        raise ValueError(f"resize: unknown coordinate transformation mode {mode!r}")
    first, width = np.float32(start), np.float32(end) - np.float32(start)
    if out_length > 1:
        return np.asarray(
            first * last + (i * width * last) / np.float32(out_length - 1)
        )
    return np.asarray(np.float32(0.5) * (first + np.float32(end)) * last + i)


def outside(axis: ResizedAxis, positions: NDArray[Any], mode: str) -> Any:
    """Return the new elements that lie outside the old axis, None if that is irrelevant."""
    if mode != "tf_crop_and_resize":
        return None
    found = np.flatnonzero((positions < 0) | (positions > axis.length - 1))
    return found if found.size else None


def fill_outside(y: NDArray[Any], axis: int, elements: Any, value: float) -> None:
    """Write ``value`` to some elements of an axis of ``y``, in place."""
    if elements is not None:
        y[(slice(None),) * axis + (elements,)] = value
