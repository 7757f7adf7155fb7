"""Softmax and layer normalization: along the last axis of contiguous rows.

Each function returns None for arguments that NumPy's kernel has to see to.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .active import threads_in_use
from .cache import kept, own
from .memory import F32, layout
from .primitive import (
    INFERENCE,
    RESULT,
    SCALE,
    SHIFT,
    SOURCE,
    Call,
    Primitive,
    attributes,
)

Array = NDArray[Any]

ACCURATE = 0x30000  # dnnl_softmax_accurate
USE_SCALE, USE_SHIFT = 2, 4

LEAST = 2_000
"""Elements below which NumPy is as fast."""

SMALL = 40_000
"""Elements that take less time on one thread than it takes to wake others."""


def softmax(input: Array, *, axis: int = -1) -> Array | None:
    """Return ``exp(input)`` divided by its sum along ``axis``."""
    x = _rows(input, axis)
    if x is None:
        return None
    shape = x.size // x.shape[-1], x.shape[-1]
    call = kept(("softmax", shape, threads_in_use()), lambda: softmax_call(shape, 1))
    y = np.empty(x.shape, F32)
    if not call or not call(x, y) or np.isnan(y.min()):
        return None  # oneDNN leaves some numbers in a row that holds NaN or infinity
    return y


def softmax_call(shape: Sequence[int], axis: int) -> Call:
    """Return the call for contiguous tensors of a shape.

    Raises
    ------
    Missing
        If the library does not have it.
    """
    rows = layout(shape)
    options = ACCURATE, rows, rows, axis
    return _call("softmax_forward", shape, options, [(SOURCE, rows), (RESULT, rows)])


def layer_normalization(
    x: Array,
    scale: Array | None = None,
    bias: Array | None = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
) -> Array | None:
    """Normalize over the last axis to mean 0 and variance 1, then scale."""
    rows = _rows(x, axis)
    if rows is None:
        return None
    length = rows.shape[-1]
    arrays = []
    for vector in (scale, bias):
        if vector is not None:
            if vector.dtype != F32 or vector.shape != (length,):
                return None
            arrays.append(np.ascontiguousarray(vector))
    shape = rows.size // length, length
    scales, shifts = scale is not None, bias is not None
    key = "layer", shape, scales, shifts, epsilon, threads_in_use()
    call = kept(key, lambda: _layer_call(shape, scales, shifts, epsilon))
    y = np.empty(rows.shape, F32)
    return y if call and call(rows, y, *arrays) else None


def _layer_call(
    shape: Sequence[int], scales: bool, shifts: bool, epsilon: float
) -> Call:
    """Return the call that normalizes contiguous rows."""
    rows, vector = layout(shape), layout(shape[1:])
    moving = [(SOURCE, rows), (RESULT, rows)]
    moving += [(SCALE, vector)] * scales + [(SHIFT, vector)] * shifts
    flags = USE_SCALE * scales | USE_SHIFT * shifts
    options = rows, rows, None, ctypes.c_float(epsilon), flags
    return _call("layer_normalization_forward", shape, options, moving)


def _call(
    function: str,
    shape: Sequence[int],
    options: Sequence[Any],
    moving: Sequence[tuple[int, Any]],
) -> Call:
    """Return the call of a primitive that works on each row by itself."""
    mine = own()
    threads = 1 if prod(shape) < SMALL else threads_in_use()
    primitive = Primitive(function, INFERENCE, *options, attributes(), threads=threads)
    return Call(primitive, mine.stream, mine.scratchpad, moving)


def _rows(x: Array, axis: int) -> Array | None:
    """Return ``x``, contiguous, if its rows along the last axis are enough to be worth it."""
    if x.dtype != F32 or x.size < LEAST or axis not in (-1, x.ndim - 1):
        return None
    if x.shape[-1] == 1:
        return None
    return np.ascontiguousarray(x)
