"""Convolutions of 8-bit integers: how they are made, kept and called."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from ._convolution import (
    Array,
    Form,
    Sizes,
    channels_last,
    contiguous_last,
    convolution_sizes,
)
from ._integers import (
    POST_OP,
    Limits,
    Numbers,
    requantizing,
    zero_points,
)
from .active import threads_in_use
from .cache import own
from .convolution import DIRECT
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

SMALL = 16_000_000
"""Multiply-adds that take less time on one thread than it takes to wake others: 60 us."""


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


def computed(
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


def prepared(
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
        threads=1 if sizes.products < SMALL else threads_in_use(),
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
