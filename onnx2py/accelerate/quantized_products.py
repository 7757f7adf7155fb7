"""Products of 8-bit integers with a constant matrix.

Each function returns None for arguments that NumPy's kernel has to see to, and for all on a
processor without VNNI: sums of pairs of products saturate there.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from math import prod
from typing import Any

import numpy as np

from ._convolution import Array
from ._integers import (
    POST_OP,
    ZERO_POINT,
    Limits,
    Numbers,
    Steps,
    number_layout,
    of_multiples,
    of_whole_numbers,
    requantizing,
    zero_points,
)
from .active import threads_in_use
from .cache import is_frozen, own
from .library import Missing, has_vnni
from .memory import BYTES, F32, KINDS, any_layout, layout
from .primitive import (
    BIAS,
    RESULT,
    SOURCE,
    SOURCE_1,
    WEIGHT,
    WEIGHT_LAYOUT,
    Call,
    Packed,
    Primitive,
)

SMALL = 8_000_000
"""Multiply-adds that take less time on one thread than it takes to wake others."""


def qdq_gemm(
    a: Array,
    weight: Array,
    bias: Array | None,
    a_scale: float,
    a_zero_point: int,
    weight_scale: Any,
    y_scale: float,
    y_zero_point: int = 0,
    *,
    dtype: Any = np.uint8,
    limits: Limits = None,
    trans_b: bool = False,
) -> Array | None:
    """Return the quantized ``A @ weight + bias``, ``weight`` being [N, K] if ``trans_b``."""
    if a.ndim != 2:
        return None
    scales, zeros = (a_scale, weight_scale, y_scale), (a_zero_point, y_zero_point)
    return _of_floats(a, weight, bias, scales, zeros, (dtype, limits), trans_b)


def qdq_matmul(
    a: Array,
    weight: Array,
    bias: Array | None,
    a_scale: float,
    a_zero_point: int,
    weight_scale: Any,
    y_scale: float,
    y_zero_point: int = 0,
    *,
    dtype: Any = np.uint8,
    limits: Limits = None,
) -> Array | None:
    """Return the quantized ``A @ weight + bias``, ``weight`` being [K, N]."""
    scales, zeros = (a_scale, weight_scale, y_scale), (a_zero_point, y_zero_point)
    return _of_floats(a, weight, bias, scales, zeros, (dtype, limits), False)


def qlinear_matmul(
    a: Array,
    a_scale: Array,
    a_zero_point: Array,
    b: Array,
    b_scale: Array,
    b_zero_point: Array,
    y_scale: Array,
    y_zero_point: Array,
) -> Array | None:
    """Return the quantized product with a constant ``b``, int8[K, N] without zero points."""
    constants = a_scale, a_zero_point, b_scale, b_zero_point, y_scale, y_zero_point
    key = ("qlinear_matmul", *map(id, constants))

    def make() -> Product | None:
        if not all(map(is_frozen, constants)) or b.dtype != np.int8:
            return None
        if any(c.size != 1 for c in (a_scale, a_zero_point, y_scale, y_zero_point)):
            return None
        if b_zero_point.any() or b_scale.ndim > 1:
            return None
        factor = a_scale.astype(np.float32).reshape(1) * b_scale
        factor = (factor / y_scale.reshape(1)).astype(np.float32).reshape(-1)
        numbers = Numbers(b, None, factor)
        zeros = int(a_zero_point.item()), int(y_zero_point.item())
        return _product(a, b, numbers, zeros, y_zero_point.dtype, constants)

    return _computed(key, a, b, make)


def qgemm(
    a: Array,
    a_scale: Any,
    a_zero_point: Any,
    b: Array,
    b_scale: Any,
    b_zero_point: Any,
    c: Array | None = None,
    y_scale: Any = None,
    y_zero_point: Any = None,
    *,
    alpha: float = 1.0,
    trans_a: bool = False,
    trans_b: bool = False,
) -> Array | None:
    """Return the quantized ``alpha * (A @ B + c)`` for a constant ``b`` of whole numbers."""
    constants = (
        *(a_scale, a_zero_point, b_scale, b_zero_point),
        *(c, y_scale, y_zero_point),
    )
    names = (n if isinstance(n, (int, float)) else id(n) for n in constants)
    key = ("qgemm", *names, alpha, trans_b)

    def make() -> Product | None:
        numbers = [a_scale, a_zero_point, b_zero_point, y_scale, y_zero_point or 0]
        if any(np.size(n) != 1 for n in numbers) or np.any(b_zero_point):
            return None
        if not all(is_frozen(n) for n in constants if isinstance(n, np.ndarray)):
            return None
        matrix = of_whole_numbers(b, None, b)
        added = None if c is None else c.reshape(-1)
        if matrix is None or c is not None and c.shape[-1:] != (c.size,):
            return None
        if added is not None and added.size != b.shape[0 if trans_b else 1]:
            return None
        whole = matrix.weight.T if trans_b else matrix.weight
        factor: Array = (
            np.float32(alpha) * np.float32(a_scale) * np.asarray(b_scale, F32)
        )
        factor = (factor / np.asarray(y_scale, F32)).reshape(-1).astype(F32)
        bias = None if added is None else added.astype(F32)
        constant = Numbers(np.ascontiguousarray(whole), bias, factor)
        zeros = int(np.asarray(a_zero_point)), int(np.asarray(y_zero_point or 0))
        return _product(a, b, constant, zeros, a.dtype, constants)

    if trans_a or y_scale is None or a.ndim != 2:
        return None
    return _computed(key, a, b, make)


class Product:
    """A product with a constant matrix, of arrays of one shape, in one thread."""

    def __init__(
        self, call: Call, shape: tuple[int, ...], dtype: Any, kept: Any
    ) -> None:
        self.call, self.shape, self.dtype, self.kept = call, shape, dtype, kept

    def __call__(self, a: Array) -> Array | None:
        """Return the result; None if it could not be computed."""
        y = np.empty(self.shape, self.dtype)
        return y if self.call(np.ascontiguousarray(a), y) else None


def _of_floats(
    a: Array,
    weight: Array,
    bias: Array | None,
    scales: tuple[float, Any, float],
    zeros: tuple[int, int],
    to: tuple[Any, Limits],
    transposed: bool,
) -> Array | None:
    """Return a product whose constants are multiples of scales."""
    of_weight, constants = scales[1], (bias, scales[1])
    one = of_weight if isinstance(of_weight, float) else id(of_weight)
    key = (transposed, id(bias), scales[0], one, scales[2], zeros, to)

    def make() -> Product | None:
        numbers = of_multiples(weight, bias, *scales, axis=0 if transposed else -1)
        if numbers is None or transposed and weight.ndim != 2:
            return None
        if transposed:
            numbers = numbers._replace(weight=np.ascontiguousarray(numbers.weight.T))
        return _product(a, weight, numbers, zeros, np.dtype(to[0]), constants, to[1])

    return _computed(key, a, weight, make)


def _computed(
    key: Hashable, a: Array, weight: Array, make: Callable[[], Product | None]
) -> Array | None:
    """Return a product, by the call that is kept for such arguments.

    Constants are known by their numbers: a call that is kept keeps them.
    """
    if a.dtype not in BYTES:
        return None
    calls = own().calls_of(weight)
    if calls is None:
        return None
    key = (key, a.dtype, a.shape, threads_in_use())
    try:
        found = calls[key]
    except KeyError:
        found = calls.keep(key, make() if has_vnni() else None)
    return found(a) if found else None


def _product(
    a: Array,
    weight: Array,
    numbers: Numbers,
    zeros: tuple[int, int],
    dtype: Any,
    kept: Any,
    limits: Limits = None,
) -> Product | None:
    """Return the call for such arguments; None if NumPy's kernel has to see to them."""
    matrix = numbers.weight
    if matrix.ndim != 2 or a.ndim < 2 or a.shape[-1] != len(matrix):
        return None
    rows, (depth, columns) = prod(a.shape[:-1]), matrix.shape
    if min(rows, depth, columns) < 1 or numbers.factor.size not in (1, columns):
        return None
    if dtype not in BYTES:
        return None
    mine = own()
    source = layout((rows, depth), None, KINDS[a.dtype])
    result = layout((rows, columns), None, KINDS[dtype])
    bias = None if numbers.bias is None else layout((1, columns))
    factor = layout((1, numbers.factor.size))
    count = 1 if rows * depth * columns < SMALL else threads_in_use()
    try:
        primitive = Primitive(
            "matmul",
            source,
            any_layout(matrix.shape, KINDS[matrix.dtype]),
            bias,
            result,
            requantizing(factor, *zeros, limits),
            threads=count,
        )
        wanted = primitive.layout(WEIGHT_LAYOUT)
        packed = mine.weight(weight).packed(
            matrix, f"integers {numbers.units}", wanted, mine.stream
        )
        fixed = [
            (WEIGHT, packed),
            (POST_OP | SOURCE_1, Packed(factor, numbers.factor)),
            *zero_points(*zeros),
        ]
        if bias is not None and numbers.bias is not None:
            fixed.append((BIAS, Packed(bias, numbers.bias)))
        moving = [(SOURCE, source), (RESULT, result)]
        call = Call(primitive, mine.stream, mine.scratchpad, moving, fixed)
    except Missing:
        return None
    return Product(call, (*a.shape[:-1], columns), dtype, kept)


def matmul_integer_to_float_prepared(
    a: Array,
    b: Array,
    a_scale: Array,
    b_scale: Array,
    a_zero_point: Array,
    bias: Array | None = None,
) -> Array | None:
    """Return ``(a - a_zero_point) @ b * (a_scale * b_scale) + bias``, of floats."""
    if (
        a.dtype not in BYTES
        or a.ndim < 2
        or a_scale.size != 1
        or a_zero_point.size != 1
    ):
        return None
    calls = own().calls_of(b)
    if calls is None:
        return None
    key = ("to float", id(bias), a.dtype, a.shape, threads_in_use())
    try:
        found = calls[key]
    except KeyError:
        made = _to_float(a, b, bias) if has_vnni() else None
        found = calls.keep(key, made)
    if found is None or b_scale.size not in (1, b.shape[1]):
        return None
    call, _ = found
    y = np.empty((*a.shape[:-1], b.shape[1]), F32)
    zero = np.array([a_zero_point.item()], np.int32)
    factor = np.empty(b.shape[1], F32)
    np.multiply(a_scale, b_scale, out=factor)
    return y if call(np.ascontiguousarray(a), y, zero, factor) else None


def _to_float(a: Array, b: Array, bias: Array | None) -> tuple[Call, Any] | None:
    """Return the call for such arguments, and what it keeps; None without it."""
    numbers = of_whole_numbers(b, bias, b)
    if numbers is None or b.ndim != 2 or a.shape[-1] != len(b) or not a.size:
        return None
    rows, (depth, columns) = prod(a.shape[:-1]), b.shape
    if bias is not None and bias.shape != (columns,) or not columns:
        return None
    mine = own()
    source = layout((rows, depth), None, KINDS[a.dtype])
    result, each = layout((rows, columns)), layout((1, columns))
    try:
        steps = Steps()
        steps.zero_point(SOURCE)
        steps.multiply(each)
        if bias is not None:
            steps.add(each)
        primitive = Primitive(
            "matmul",
            source,
            any_layout(b.shape, KINDS[numbers.weight.dtype]),
            None,
            result,
            steps.attributes(),
            threads=1 if rows * depth * columns < SMALL else threads_in_use(),
        )
        wanted = primitive.layout(WEIGHT_LAYOUT)
        packed = mine.weight(b).packed(numbers.weight, "integers ", wanted, mine.stream)
        fixed = [(WEIGHT, packed)]
        if bias is not None:
            fixed.append((2 * POST_OP | SOURCE_1, Packed(each, bias)))
        moving = [
            (SOURCE, source),
            (RESULT, result),
            (ZERO_POINT | SOURCE, number_layout()),
            (POST_OP | SOURCE_1, each),
        ]
        return Call(primitive, mine.stream, mine.scratchpad, moving, fixed), bias
    except Missing:
        return None
