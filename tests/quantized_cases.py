"""Convolutions of 8-bit integers, computed one by one in exact integers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass
class Case:
    """A quantized convolution; all its scales are powers of two, so that floats are exact."""

    kernel: str
    x: NDArray[Any]
    weight: NDArray[Any]
    """int8[M, C / group, K...]"""
    bias: NDArray[Any] | None = None
    x_zero: int = 0
    y_zero: int = 0
    dtype: Any = np.uint8
    x_scale: float = 0.25
    y_scale: float = 0.5
    weight_scale: NDArray[Any] = field(default_factory=lambda: np.float32([0.5]))
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def group(self) -> int:
        if self.kernel == "depthwise":
            return len(self.weight)
        return int(self.options.get("group", 1))

    def packed(self) -> NDArray[np.float32]:
        """Return the integers of the weight as the kernel takes them."""
        axes = range(2, self.weight.ndim)
        whole = self.weight.transpose(*axes, 1, 0).astype(np.float32)
        if self.kernel == "depthwise":
            whole = whole.reshape(*whole.shape[:-2], whole.shape[-1])
        if self.kernel == "pointwise":
            whole = whole.reshape(whole.shape[-2:])
        return np.ascontiguousarray(whole)

    def sums(self) -> NDArray[np.int64]:
        """Return the sums of products of integers, one after the other, with the bias."""
        rank = self.x.ndim - 2
        pads = self.options.get("pads", (0,) * (2 * rank))
        strides = self.options.get("strides", (1,) * rank)
        dilations = self.options.get("dilations", (1,) * rank)
        x = self.x.astype(np.int64) - self.x_zero
        around = [(0, 0), (0, 0), *zip(pads[:rank], pads[rank:])]
        x = np.pad(x, around)
        m, per_group, *kernel = self.weight.shape
        sizes = [
            (d - (k - 1) * e - 1) // s + 1
            for d, k, e, s in zip(x.shape[2:], kernel, dilations, strides)
        ]
        y = np.zeros((len(x), m, *sizes), np.int64)
        for n, channel, *place in np.ndindex(*y.shape):
            first = channel * self.group // m * per_group
            window = tuple(
                slice(p * s, p * s + (k - 1) * e + 1, e)
                for p, s, k, e in zip(place, strides, kernel, dilations)
            )
            seen = x[(n, slice(first, first + per_group), *window)]
            y[(n, channel, *place)] = (seen * self.weight[channel].astype(int)).sum()
            if self.bias is not None:
                y[(n, channel, *place)] += int(self.bias[channel])
        return y

    def expected(self) -> NDArray[Any]:
        """Return the result by exact arithmetic; Python rounds half to even."""
        limits, sums = np.iinfo(self.dtype), self.sums()
        scales = np.broadcast_to(self.weight_scale, len(self.weight))
        y = np.empty(sums.shape, self.dtype)
        for place in np.ndindex(*y.shape):
            factor = self.x_scale * float(scales[place[1]]) / self.y_scale
            rounded = round(Fraction(int(sums[place])) * Fraction(factor)) + self.y_zero
            y[place] = max(limits.min, min(limits.max, rounded))
        return y

    def qlinear_arguments(self) -> tuple[Any, ...]:
        """Return the arguments of ``qlinear_conv_*``."""
        scale = np.float32(self.x_scale) * self.weight_scale / np.float32(self.y_scale)
        each = (-1, *[1] * (self.x.ndim - 2))
        bias = None if self.bias is None else self.bias.astype(np.float32)
        return (
            *(self.x, self.packed(), bias, scale.astype(np.float32).reshape(each)),
            *(np.array(self.y_zero, self.dtype), self.x_zero),
        )

    def qdq_arguments(self) -> tuple[Any, ...]:
        """Return the arguments of ``qdq_conv_*``."""
        unit = np.float32(self.x_scale) * self.weight_scale
        bias = None if self.bias is None else (self.bias * unit).astype(np.float32)
        return (
            *(self.x, self.packed() * self.weight_scale, bias),
            *(self.x_scale, self.x_zero, self.weight_scale),
            *(self.y_scale, self.y_zero),
        )


SHAPES = [
    ("packed", (2, 6, 9, 7), (8, 6, 3, 3), {"pads": (1, 0, 2, 1)}),
    ("packed", (1, 3, 12, 12), (16, 3, 3, 3), {"strides": (2, 2), "pads": (1,) * 4}),
    ("packed", (1, 8, 6, 6), (8, 4, 3, 3), {"group": 2, "pads": (1, 1, 1, 1)}),
    ("packed", (1, 4, 9, 9), (5, 4, 2, 3), {"dilations": (2, 3)}),
    ("packed", (2, 5, 11), (7, 5, 4), {"pads": (2, 1), "strides": (3,)}),
    ("packed", (1, 2, 4, 5, 4), (4, 2, 2, 2, 2), {"pads": (1, 0, 0, 0, 1, 1)}),
    ("pointwise", (2, 16, 5, 5), (12, 16, 1, 1), {}),
    ("pointwise", (1, 7, 9, 8), (5, 7, 1, 1), {"strides": (2, 3)}),
    ("pointwise", (3, 6, 10), (9, 6, 1), {}),
    ("depthwise", (1, 16, 8, 8), (16, 1, 3, 3), {"pads": (1, 1, 1, 1)}),
    ("depthwise", (2, 5, 9, 9), (5, 1, 3, 3), {"strides": (2, 2), "pads": (0, 1, 1, 0)}),
    ("depthwise", (1, 6, 12), (6, 1, 5), {"dilations": (2,), "pads": (4, 4)}),
]  # fmt: skip

ZEROS = {np.uint8: (0, 3, 128, 255), np.int8: (0, -128, 127, -7)}


def cases() -> Iterator[Case]:
    """Yield convolutions of every kind, with every kind of zero point, scale and bias."""
    rng = np.random.default_rng(5)
    number = 0
    for kernel, shape, weight, options in SHAPES:
        for kind in (np.uint8, np.int8):
            for x_zero in ZEROS[kind]:
                to = (np.uint8, np.int8)[number % 3 == 1]
                limits = np.iinfo(kind)
                m = weight[0]
                yield Case(
                    kernel,
                    rng.integers(limits.min, limits.max + 1, shape).astype(kind),
                    rng.integers(-128, 128, weight).astype(np.int8),
                    (
                        rng.integers(-4000, 4000, m).astype(np.int32)
                        if number % 2
                        else None
                    ),
                    x_zero,
                    ZEROS[to][number % 4],
                    to,
                    # From sums that almost all saturate to few numbers, with many ties.
                    y_scale=float(2.0 ** (number % 5 * 2)),
                    weight_scale=np.float32(
                        2.0 ** rng.integers(-3, 1, m if number % 4 < 2 else 1)
                    ),
                    options=dict(options),
                )
                number += 1
