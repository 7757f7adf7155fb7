"""The axes to resize, and the positions of their new elements on the old ones."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, frexp, ldexp
from typing import Any, NamedTuple, Optional, Union

import torch
from torch import Tensor

from ._ints import as_ints

Numbers = Optional[Union[Sequence[float], Tensor]]


class ResizedAxis(NamedTuple):
    """One axis: its length before and after, the scale, and the region of interest."""

    axis: int
    length: int
    out_length: int
    scale: float
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
        factors = [single(factor) for factor in factors]
        outs = [_scaled(n, factor) for n, factor in zip(lengths, factors)]
    else:
        factors = [_ratio(out, n) for out, n in zip(outs, lengths)]
        if policy != "stretch":
            factor = single((min if policy == "not_larger" else max)(factors))
            factors = [factor] * len(axes)
            outs = [floor(single(single(factor * n) + 0.5)) for n in lengths]
    if outs == lengths:
        return []
    corners = corners or [*[0.0] * len(axes), *[1.0] * len(axes)]
    starts, ends = corners[: len(axes)], corners[len(axes) :]
    parts = zip(axes, lengths, outs, factors, starts, ends)
    found = [ResizedAxis(*each) for each in parts]
    return sorted(
        (each for each in found if each.scale != 1), key=lambda each: each.axis
    )


def _numbers(values: Numbers) -> list[Any]:
    """Return a list of numbers, empty for none."""
    return [] if values is None else list(as_ints(values))


def single(x: float) -> float:
    """Round a number to float32."""
    mantissa, exponent = frexp(x)
    return ldexp(round(ldexp(mantissa, 24)), exponent - 24)


def _scaled(length: int, scale: float) -> int:
    """Return ``floor(length * scale)`` of a product in float32."""
    parts = scale * 1024
    if parts == int(parts):  # also of a length that a tracer has given a symbol
        return length * int(parts) // 1024
    return floor(single(length * scale))


def _ratio(out_length: int, length: int) -> float:
    if length == 0 and out_length > 0:
        raise ValueError(f"resize: an empty axis cannot grow to {out_length}")
    return out_length / length if length > 0 else 1.0


def source_positions(axis: ResizedAxis, mode: str, device: torch.device) -> Tensor:
    """Return the position of each new element on the old axis, in elements, as float32.

    Raises
    ------
    ValueError
        If the mode is unknown.
    """
    _, length, out_length, scale, start, end = axis
    i = torch.arange(out_length, dtype=torch.float32, device=device)
    factor = torch.full_like(i, scale)  # GPUs multiply by the inverse of a number
    if mode == "half_pixel" or (mode == "pytorch_half_pixel" and out_length > 1):
        return (i + 0.5) / factor - 0.5
    if mode == "asymmetric":
        return i / factor
    if mode == "align_corners" and out_length > 1:
        return i * (length - 1) / torch.full_like(i, out_length - 1)
    if mode in ("pytorch_half_pixel", "align_corners"):
        return i * 0
    if mode == "tf_half_pixel_for_nn":
        return (i + 0.5) / factor
    if mode == "half_pixel_symmetric":
        adjustment = single(out_length / single(scale * length))
        offset = single(length / 2 * single(1 - adjustment))
        return (offset + (i.double() + 0.5) / factor.double() - 0.5).float()
    if mode != "tf_crop_and_resize":
        raise ValueError(f"resize: unknown coordinate transformation mode {mode!r}")
    first, width = single(start), single(single(end) - single(start))
    if out_length > 1:
        last = torch.full_like(i, length - 1)
        return first * last + (i * width * last) / torch.full_like(i, out_length - 1)
    return 0.5 * (first + single(end)) * (length - 1) + i


def filled_outside(
    y: Tensor, axis: ResizedAxis, positions: Tensor, mode: str, value: float
) -> Tensor:
    """Write ``value`` to the new elements outside the old axis, for "tf_crop_and_resize"."""
    if mode != "tf_crop_and_resize":
        return y
    outside = (positions < 0) | (positions > axis.length - 1)
    return torch.where(along(outside, y, axis.axis), value, y).to(y.dtype)


def along(numbers: Tensor, x: Tensor, axis: int) -> Tensor:
    """Give numbers the shape in which they broadcast along an axis of ``x``."""
    return numbers.reshape(-1, *[1] * (x.ndim - 1 - axis))


def fits_interpolate(x: Tensor, axes: Sequence[ResizedAxis], mode: str) -> bool:
    """Return whether ``F.interpolate`` has the same positions, given the new sizes."""
    return (
        x.is_floating_point()
        and 3 <= x.ndim <= 5
        and all(a.axis >= 2 and a.scale * a.length == a.out_length for a in axes)
        and (mode != "pytorch_half_pixel" or all(a.out_length > 1 for a in axes))
    )


def new_sizes(x: Tensor, axes: Sequence[ResizedAxis]) -> list[int]:
    """Return the lengths of all spatial axes after resizing."""
    sizes = list(x.shape)
    for axis in axes:
        sizes[axis.axis] = axis.out_length
    return sizes[2:]
