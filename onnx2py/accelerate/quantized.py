"""Sums of 8-bit integers.

Each function returns None for arguments that NumPy's kernel has to see to.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ._convolution import Array
from ._integers import BINARY_MAXIMUM, LINEAR, Steps
from .active import threads_in_use
from .cache import own
from .library import Missing
from .memory import BYTES, KINDS, layout
from .primitive import RESULT, SOURCE, SOURCE_1, Call, Primitive

FEW = 1 << 16
"""Elements of a sum that take less time on one thread than it takes to wake others."""


def qdq_add(
    a: Array,
    b: Array,
    a_scale: float,
    a_zero_point: int,
    b_scale: float,
    b_zero_point: int,
    y_scale: float,
    y_zero_point: int = 0,
    *,
    dtype: Any = np.uint8,
) -> Array | None:
    """Return the quantized sum of two arrays of one shape."""
    scales = a_scale, b_scale, y_scale
    zeros = a_zero_point, b_zero_point, y_zero_point
    return _sum(a, b, scales, zeros, np.dtype(dtype))


def qlinear_add(
    a: Array,
    a_scale: Any,
    a_zero_point: Any,
    b: Array,
    b_scale: Any,
    b_zero_point: Any,
    c_scale: Any,
    c_zero_point: Any = 0,
) -> Array | None:
    """Return the quantized sum of two arrays of one shape."""
    numbers = a_scale, b_scale, c_scale, a_zero_point, b_zero_point, c_zero_point
    if any(isinstance(n, np.ndarray) and n.size != 1 for n in numbers):
        return None
    plain = [n.item() if isinstance(n, np.ndarray) else n for n in numbers]
    return _sum(a, b, tuple(plain[:3]), tuple(plain[3:]), a.dtype)


def _sum(a: Array, b: Array, scales: Any, zeros: Any, dtype: Any) -> Array | None:
    """Return ``a * ratio_a + (b * ratio_b + fixed)``, by the call kept for such arguments."""
    if a.shape != b.shape or a.strides != b.strides or not a.size:
        return None
    key = ("sum", a.dtype, b.dtype, dtype, a.size, scales, zeros, threads_in_use())
    calls = own().calls
    try:
        found = calls[key]
    except KeyError:
        found = calls.keep(key, _sum_call(a, b, scales, zeros, dtype))
    y = a.copy("K")
    if not found or y.strides != a.strides:  # not dense
        return None
    return y.view(dtype) if found(b, b, y) else None


def _sum_call(a: Array, b: Array, scales: Any, zeros: Any, dtype: Any) -> Call | None:
    """Return the call for a sum, which is computed over a copy of ``a``; None without it.

    It multiplies and adds with one rounding, twice, as onnxruntime does: to ``max(b, b)``, since
    no function of one array does both steps.
    """
    if not {a.dtype, b.dtype, dtype} <= {*BYTES}:
        return None
    of_a, of_b, of_y = (np.float32(scale) for scale in scales)
    ratio_a, ratio_b = of_a / of_y, of_b / of_y
    zero_b = np.float32(float(ratio_b) * zeros[1])
    zero = np.float32(float(ratio_a) * zeros[0] + float(zero_b))
    kind, size = KINDS[dtype], (a.size,)
    source, result = layout(size, None, KINDS[b.dtype]), layout(size, None, kind)
    mine = own()
    try:
        steps = Steps()
        steps.eltwise(LINEAR, float(ratio_b), float(np.float32(zeros[2]) - zero))
        steps.sum(float(ratio_a), KINDS[a.dtype] if a.dtype != dtype else 0)
        primitive = Primitive(
            "binary",
            BINARY_MAXIMUM,
            *(source, source, result),
            steps.attributes(),
            threads=1 if a.size < FEW else threads_in_use(),
        )
        moving = [(SOURCE, source), (SOURCE_1, source), (RESULT, result)]
        return Call(primitive, mine.stream, mine.scratchpad, moving)
    except Missing:
        return None
