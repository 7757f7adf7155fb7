"""Copies of tensors with their channels last in memory."""

from __future__ import annotations

import ctypes

import numpy as np

from ._convolution import Array, contiguous_last
from .active import threads_in_use
from .cache import own
from .library import Missing, load
from .memory import KINDS, layout, layout_of
from .primitive import RESULT, SOURCE, Call, Primitive, attributes

LEAST = 20_000
"""Elements below which NumPy copies as fast."""

SMALL = 200_000
"""Elements that take less time on one thread than it takes to wake others."""


class Copy:
    """Copies of tensors [N, C, D...] of one shape and order in memory to [N, D..., C]."""

    def __init__(self, x: Array) -> None:
        self.axes = 0, *range(2, x.ndim), 1
        self.call = None if x.size < LEAST or 1 in x.shape[1:] else _call(x)

    def __call__(self, x: Array) -> Array:
        """Return the copy."""
        moved = x.transpose(self.axes)
        if self.call is not None:
            y = np.empty(moved.shape, x.dtype)
            if self.call(x, y):
                return y
        return np.ascontiguousarray(moved)


def _call(x: Array) -> Call | None:
    """Return the library's call; None where NumPy has to copy."""
    mine, kind = own(), KINDS[x.dtype]
    try:
        source = layout_of(x)
        result = layout(x.shape, contiguous_last(x.shape), kind)
        engine = ctypes.c_void_p(load().engine)
        threads = 1 if x.size < SMALL else threads_in_use()
        primitive = Primitive(
            "reorder", source, engine, result, engine, attributes(), threads=threads
        )
        moving = [(SOURCE, source), (RESULT, result)]
        return Call(primitive, mine.stream, mine.scratchpad, moving)
    except Missing:
        return None
