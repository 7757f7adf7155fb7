"""Convolutions of 8-bit integers with constant weights.

Each function returns None for arguments that NumPy's kernel has to see to, and for all on a
processor without VNNI: sums of pairs of products saturate there.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from ._convolution import (
    Array,
    Form,
    Sizes,
    channels_last,
    contiguous_last,
    convolution_sizes,
    of_depthwise,
    of_packed,
    of_pointwise,
)
from ._integers import (
    POST_OP,
    Limits,
    Numbers,
    of_multiples,
    of_whole_numbers,
    requantizing,
    zero_points,
)
from .active import threads_in_use
from .cache import own
from .convolution import DIRECT, SMALL, Pads
from .library import Missing, has_vnni, load
from .memory import BYTES, KINDS, any_layout, layout, layout_of, lengths
from .primitive import (
    BIAS,
    INFERENCE,
    RESULT,
    SOURCE,
    SOURCE_1,
    WEIGHT,
    WEIGHT_LAYOUT,
    Call,
    Packed,
    Primitive,
    attributes,
)


class Prepared:
    """A convolution of integers of one shape, in one thread."""

    def __init__(
        self,
        sizes: Sizes,
        call: Call,
        rank: int,
        dtype: Any,
        kept: Any,
        *,
        copied: bool,
        copying: Call | None,
    ) -> None:
        self.call, self.dtype, self.kept = call, dtype, kept
        self.copied, self.copying = copied, copying
        n, m, *places = sizes.y
        self.shape = n, *places[-rank:], m
        self.last = (0, *range(2, rank + 2), 1)  # [N, C, D...] -> [N, D..., C]
        self.second = (0, rank + 1, *range(1, rank + 1))

    def __call__(self, x: Array) -> Array | None:
        """Return the result; None if it could not be computed."""
        if self.copied:
            moved = x.transpose(self.last)
            copy = np.empty(moved.shape, x.dtype)
            if self.copying is None or not self.copying(x, copy):
                copy[...] = moved
            x = copy
        y = np.empty(self.shape, self.dtype)
        return y.transpose(self.second) if self.call(x, y) else None


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
        return _prepared(asked, x, weight, numbers, y_zero.dtype, constants)

    return _computed(key, x, weight, make)


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
        return _prepared(asked, x, weight, numbers, np.dtype(to[0]), constants, to[1])

    return _computed(key, x, weight, make)


def _computed(
    key: Hashable, x: Array, weight: Array, make: Callable[[], Prepared | None]
) -> Array | None:
    """Return a convolution, by the call that is kept for such arguments.

    Constants are known by their numbers: a call that is kept keeps them.
    """
    if x.dtype not in BYTES:
        return None
    calls = own().calls_of(weight)
    if calls is None:
        return None
    key = (key, x.dtype, x.shape, x.strides, threads_in_use())
    try:
        found = calls[key]
    except KeyError:
        found = calls.keep(key, make() if has_vnni() else None)
    except TypeError:  # there are lists
        return None
    return found(x) if found else None


def _prepared(
    asked: tuple[Form, int, tuple[int, int], Any],
    x: Array,
    weight: Array,
    numbers: Numbers | None,
    dtype: Any,
    kept: Any,
    limits: Limits = None,
) -> Prepared | None:
    """Return the call for such arguments; None if NumPy's kernel has to see to them."""
    form, number, zeros, windows = asked
    if numbers is None or dtype not in BYTES:
        return None
    try:
        arranged = form(numbers.weight, number)
    except (ValueError, ZeroDivisionError):  # axes or groups do not match
        return None
    sizes = convolution_sizes(x.shape, arranged.shape, *windows)
    if sizes is None or numbers.factor.size not in (1, sizes.y[1]):
        return None
    if numbers.bias is not None and numbers.bias.shape != sizes.y[1:2]:
        return None
    whole, strides = contiguous_last(sizes.x), channels_last(x)
    tries = [(whole, strides != whole)]
    if strides not in (None, whole):
        tries.insert(0, (strides, False))
    arranged = arranged.reshape(sizes.weight)
    kinds = x.dtype, dtype
    for steps, copied in tries:
        try:
            call = _call(
                sizes, steps, kinds, weight, arranged, numbers, (*zeros, limits)
            )
        except Missing:
            continue
        copying = _copying(x) if copied else None
        return Prepared(
            *(sizes, call, x.ndim - 2, dtype, kept), copied=copied, copying=copying
        )
    return None


def _copying(x: Array) -> Call | None:
    """Return the call that copies [N, C, D...] to [N, D..., C]; None where NumPy has to."""
    mine, kind = own(), KINDS[x.dtype]
    try:
        source = layout_of(x)
        result = layout(x.shape, contiguous_last(x.shape), kind)
        engine = ctypes.c_void_p(load().engine)
        primitive = Primitive(
            "reorder", source, engine, result, engine, attributes(), threads=1
        )
        moving = [(SOURCE, source), (RESULT, result)]
        return Call(primitive, mine.stream, mine.scratchpad, moving)
    except Missing:
        return None


def _call(
    sizes: Sizes,
    steps: tuple[int, ...],
    kinds: tuple[Any, Any],
    weight: Array,
    arranged: Array,
    numbers: Numbers,
    rounding: tuple[int, int, Limits],
) -> Call:
    """Return the call for a source of such strides.

    Raises
    ------
    Missing
        If the library does not have it.
    """
    mine = own()
    if sizes.weight[0] == 1:
        arranged = arranged[0]
    source = layout(sizes.x, steps, KINDS[kinds[0]])
    result = layout(sizes.y, contiguous_last(sizes.y), KINDS[kinds[1]])
    bias = None if numbers.bias is None else layout(numbers.bias.shape)
    rank = len(sizes.strides)
    factor = layout((1, numbers.factor.size, *(1,) * rank))
    primitive = Primitive(
        "convolution_forward",
        INFERENCE,
        DIRECT,
        source,
        any_layout(arranged.shape, KINDS[arranged.dtype]),
        bias,
        result,
        lengths(sizes.strides),
        lengths([d - 1 for d in sizes.dilations]),
        lengths(sizes.pads[:rank]),
        lengths(sizes.pads[rank:]),
        requantizing(factor, *rounding),
        threads=1 if sizes.products < 4 * SMALL else threads_in_use(),
    )
    wanted = primitive.layout(WEIGHT_LAYOUT)
    packed = mine.weight(weight).packed(
        arranged, f"integers {arranged.shape} {numbers.units}", wanted, mine.stream
    )
    fixed = [
        (WEIGHT, packed),
        (POST_OP | SOURCE_1, Packed(factor, numbers.factor)),
        *zero_points(*rounding[:2]),
    ]
    if bias is not None and numbers.bias is not None:
        fixed.append((BIAS, Packed(bias, numbers.bias)))
    moving = [(SOURCE, source), (RESULT, result)]
    return Call(primitive, mine.stream, mine.scratchpad, moving, fixed)
