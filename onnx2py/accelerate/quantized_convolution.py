"""Convolutions of 8-bit integers with constant weights.

Each function returns None for arguments that NumPy's kernel has to see to, and for all on a
processor without VNNI: sums of pairs of products saturate there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._convolution import (
    Array,
    Form,
    of_depthwise,
    of_packed,
    of_pointwise,
)
from ._integers import (
    Limits,
    of_multiples,
    of_whole_numbers,
)
from ._quantized_convolution import Prepared, computed, prepared
from .convolution import Pads


def qlinear_conv_packed(
    x: Array,
    weight: Array,
    bias: Array | None,
    scale: Array,
    y_zero_point: Array,
    x_zero_point: int = 0,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
) -> Array | None:
    """Convolve with ``weight`` [K..., C / group, M]."""
    windows = strides, pads, dilations
    zeros = x_zero_point, y_zero_point
    return _of_integers(of_packed, group, x, weight, bias, scale, zeros, windows)


def qlinear_conv_pointwise(
    x: Array,
    weight: Array,
    bias: Array | None,
    scale: Array,
    y_zero_point: Array,
    x_zero_point: int = 0,
    *,
    strides: Sequence[int] | None = None,
) -> Array | None:
    """Convolve with kernels of one element, ``weight`` [C, M]."""
    windows, zeros = (strides, None, None), (x_zero_point, y_zero_point)
    rank = x.ndim - 2
    return _of_integers(of_pointwise, rank, x, weight, bias, scale, zeros, windows)


def qlinear_conv_depthwise(
    x: Array,
    weight: Array,
    bias: Array | None,
    scale: Array,
    y_zero_point: Array,
    x_zero_point: int = 0,
    *,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
) -> Array | None:
    """Convolve each channel with its own kernel, ``weight`` [K..., C]."""
    windows = strides, pads, dilations
    zeros = x_zero_point, y_zero_point
    return _of_integers(of_depthwise, 0, x, weight, bias, scale, zeros, windows)


def qdq_conv_packed(
    x: Array,
    weight: Array,
    bias: Array | None,
    x_scale: float,
    x_zero_point: int,
    weight_scale: Any,
    y_scale: float,
    y_zero_point: int = 0,
    *,
    dtype: Any = np.uint8,
    limits: Limits = None,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
    group: int = 1,
) -> Array | None:
    """Convolve with ``weight`` [K..., C / group, M]."""
    windows = strides, pads, dilations
    scales, zeros = (x_scale, weight_scale, y_scale), (x_zero_point, y_zero_point)
    form = of_packed, group
    return _of_floats(form, x, weight, bias, scales, zeros, (dtype, limits), windows)


def qdq_conv_pointwise(
    x: Array,
    weight: Array,
    bias: Array | None,
    x_scale: float,
    x_zero_point: int,
    weight_scale: Any,
    y_scale: float,
    y_zero_point: int = 0,
    *,
    dtype: Any = np.uint8,
    limits: Limits = None,
    strides: Sequence[int] | None = None,
) -> Array | None:
    """Convolve with kernels of one element, ``weight`` [C, M]."""
    windows = strides, None, None
    scales, zeros = (x_scale, weight_scale, y_scale), (x_zero_point, y_zero_point)
    form = of_pointwise, x.ndim - 2
    return _of_floats(form, x, weight, bias, scales, zeros, (dtype, limits), windows)


def qdq_conv_depthwise(
    x: Array,
    weight: Array,
    bias: Array | None,
    x_scale: float,
    x_zero_point: int,
    weight_scale: Any,
    y_scale: float,
    y_zero_point: int = 0,
    *,
    dtype: Any = np.uint8,
    limits: Limits = None,
    strides: Sequence[int] | None = None,
    pads: Pads = None,
    dilations: Sequence[int] | None = None,
) -> Array | None:
    """Convolve each channel with its own kernel, ``weight`` [K..., C]."""
    windows = strides, pads, dilations
    scales, zeros = (x_scale, weight_scale, y_scale), (x_zero_point, y_zero_point)
    form = of_depthwise, 0
    return _of_floats(form, x, weight, bias, scales, zeros, (dtype, limits), windows)


def qdq_conv_winograd(
    x: Array,
    weight: Array,
    bias: Array | None,
    x_scale: float,
    x_zero_point: int,
    weight_scale: Any,
    y_scale: float,
    y_zero_point: int = 0,
    *,
    dtype: Any = np.uint8,
    limits: Limits = None,
    pads: Sequence[int] | None = None,
) -> Array | None:
    """Convolve with ``weight`` [3, 3, C, M]; None for a transformed weight."""
    if weight.ndim != 4:
        return None
    return qdq_conv_packed(
        *(x, weight, bias, x_scale, x_zero_point, weight_scale, y_scale, y_zero_point),
        dtype=dtype,
        limits=limits,
        pads=pads,
    )


def _of_integers(
    form: Form,
    number: int,
    x: Array,
    weight: Array,
    bias: Array | None,
    scale: Array,
    zeros: tuple[int, Array],
    windows: Any,
) -> Array | None:
    """Return a convolution whose constants are integers stored as floats."""
    y_zero, constants = zeros[1], (bias, scale, zeros[1])
    key = (form, number, id(bias), id(scale), id(y_zero), zeros[0], windows)

    def make() -> Prepared | None:
        numbers = of_whole_numbers(weight, bias, scale)
        to = int(y_zero.item())
        asked = form, number, (zeros[0], to), windows
        return prepared(asked, x, weight, numbers, y_zero.dtype, constants)

    return computed(key, x, weight, make)


def _of_floats(
    form: tuple[Form, int],
    x: Array,
    weight: Array,
    bias: Array | None,
    scales: tuple[float, Any, float],
    zeros: tuple[int, int],
    to: tuple[Any, Limits],
    windows: Any,
) -> Array | None:
    """Return a convolution whose constants are multiples of scales."""
    of_weight, constants = scales[1], (bias, scales[1])
    one = of_weight if isinstance(of_weight, float) else id(of_weight)
    key = (form, id(bias), scales[0], one, scales[2], zeros, to, windows)

    def make() -> Prepared | None:
        numbers = of_multiples(weight, bias, *scales)
        asked = *form, zeros, windows
        return prepared(asked, x, weight, numbers, np.dtype(to[0]), constants, to[1])

    return computed(key, x, weight, make)
