"""Matrix products: with a constant matrix, which is packed, and of two tensors.

Each function returns None for arguments that NumPy's kernel has to see to.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .activations import UNKNOWN, Activation, Found, post_op
from .active import threads_in_use
from .cache import own
from .library import Missing
from .memory import F32, any_layout, dense, layout
from .primitive import (
    BIAS,
    PLUS,
    RESULT,
    SOURCE,
    WEIGHT,
    WEIGHT_LAYOUT,
    Call,
    Primitive,
    attributes,
)
from .stacks import SMALL, matrix_steps, stacked_product

Array = NDArray[Any]

LEAST = 60_000
"""Multiply-adds of a stack of products below which NumPy is as fast."""

LEAST_ROWS = 200_000
"""Multiply-adds of rows by a matrix below which NumPy is as fast."""

LEAST_ROW = 1_000_000
"""Those of one row: as many as there are numbers in the matrix, each read once."""


def linear(
    x: Array,
    weight: Array,
    bias: Array,
    *,
    plus: Array | None = None,
    activation: Activation = None,
) -> Array | None:
    """Return ``x @ weight + bias`` for ``weight`` [K, N]."""
    return _rows_by_matrix(x, weight, bias, False, plus, activation)


def project(
    a: Array,
    b: Array,
    *,
    plus: Array | None = None,
    activation: Activation = None,
) -> Array | None:
    """Return ``a @ b`` for ``b`` [K, N]."""
    return _rows_by_matrix(a, b, None, False, plus, activation)


def gemm(
    a: Array,
    b: Array,
    c: Array | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    trans_a: bool = False,
    trans_b: bool = False,
    plus: Array | None = None,
    activation: Activation = None,
) -> Array | None:
    """Return ``a @ b + c``, with a and b transposed if requested."""
    if alpha != 1 or beta != 1 and c is not None or a.ndim != 2:
        return None
    a = a.T if trans_a else a
    if c is not None and c.ndim == 2 and len(c) > 1 and plus is None:
        c, plus = None, c
    return _rows_by_matrix(a, b, c, bool(trans_b), plus, activation)


def matmul(a: Array, b: Array) -> Array | None:
    """Return ``np.matmul(a, b)`` for matrices, or stacks of them."""
    return multiply(a, b)


def multiply(a: Array, b: Array) -> Array | None:
    """Return ``np.matmul(a, b)`` for matrices, or stacks of them."""
    if b.ndim < 2 or a.size * b.shape[-1] < LEAST or a.ndim < 2:
        return None
    if b.ndim == 2:
        return _rows_by_matrix(a, b, None, False, None, None)
    if a.dtype != F32 or b.dtype != F32:
        return None
    return stacked_product(a, b)


class _Request(NamedTuple):
    """What a call is made for: the key that it is found by."""

    kind: str
    a: tuple[int, ...]
    a_strides: tuple[int, ...]
    b: tuple[int, ...]
    b_strides: tuple[int, ...]
    transposed: bool
    bias: bool
    plus: bool
    post: Found
    threads: int


class _Product(NamedTuple):
    """A product of rows by a matrix, in one thread."""

    call: Call
    copies: bool
    adds: bool
    activates: bool


def _rows_by_matrix(
    a: Array,
    b: Array,
    bias: Array | None,
    transposed: bool,
    plus: Array | None,
    activation: Activation,
) -> Array | None:
    """Return ``activation(a @ b + bias + plus)`` for a matrix, which may be transposed."""
    if a.size * max(b.shape) < LEAST_ROWS:
        return None  # at once: the others take a while
    if a.dtype != F32 or b.dtype != F32 or b.ndim != 2 or a.ndim < 2:
        return None
    k, n = b.shape[::-1] if transposed else b.shape
    *outer, inner = a.shape
    count = prod(outer)
    if inner != k or count * k * n < (LEAST_ROW if count == 1 else LEAST_ROWS):
        return None
    shape = *outer, n
    if bias is not None:
        if bias.dtype != F32 or bias.shape[-1:] != (n,) or bias.size != n:
            return None
        if bias.ndim > a.ndim:
            return None
        bias = np.ascontiguousarray(bias)
    if plus is not None:
        if plus.dtype != F32 or plus.shape != shape:
            return None
        plus = np.ascontiguousarray(plus)
    rows = a if a.ndim == 2 else a.reshape(count, k)
    mine = own()
    calls = mine.calls_of(b)
    frozen = calls is not None
    if calls is None:
        calls = mine.calls
    asked = (
        "rows",
        rows.shape,
        rows.strides,
        b.shape,
        b.strides,
        transposed,
        bias is not None,
        plus is not None,
        post_op(activation),
        threads_in_use(),
    )
    try:
        found = calls[asked]
    except KeyError:
        made = _product(_Request(*asked), rows, b, frozen)
        found = calls.keep(asked, made)
    if found is None:
        return None
    y = np.empty(shape, F32)
    arrays = [np.ascontiguousarray(rows) if found.copies else rows, y]
    if not frozen:
        arrays.append(b)
    if bias is not None:
        arrays.append(bias)
    if plus is not None and not found.adds:
        arrays.append(plus)
    if not found.call(*arrays):
        return None
    if found.adds and plus is not None:
        y += plus
    if found.activates and activation is not None:
        return np.asarray(activation(y))
    return y


def _product(asked: _Request, rows: Array, b: Array, frozen: bool) -> _Product | None:
    """Return the call for such arguments; None if NumPy's kernel has to see to them."""
    steps = matrix_steps(rows)
    fused = asked.plus or isinstance(asked.post, tuple)
    for fuses in (True, False) if fused else (False,):
        try:
            call = _call(asked, steps or dense(asked.a), fuses, b, frozen)
        except Missing:
            continue
        activates = asked.post == UNKNOWN or not fuses
        return _Product(call, steps is None, asked.plus and not fuses, activates)
    return None


def _call(
    asked: _Request,
    steps: Sequence[int],
    fuses: bool,
    b: Array,
    frozen: bool,
) -> Call:
    """Return the call for rows of such strides, with what comes after it or without.

    Raises
    ------
    Missing
        If the library does not have it.
    """
    mine = own()
    matrix = b.T if asked.transposed else b
    (count, k), n = asked.a, matrix.shape[1]
    source, result = layout(asked.a, steps), layout((count, n))
    if frozen:
        weight = any_layout(matrix.shape)
    else:
        taken = matrix_steps(matrix)
        if taken is None:
            raise Missing("strides")
        weight = layout(matrix.shape, taken)
    bias = layout((1, n)) if asked.bias else None
    plus = result if fuses and asked.plus else None
    post = asked.post if fuses and isinstance(asked.post, tuple) else None
    primitive = Primitive(
        "matmul",
        source,
        weight,
        bias,
        result,
        attributes(plus, post),
        threads=1 if count * k * n < SMALL else asked.threads,
    )
    moving = [(SOURCE, source), (RESULT, result)]
    fixed = []
    if frozen:
        form = "transposed" if asked.transposed else "matrix"
        wanted = primitive.layout(WEIGHT_LAYOUT)
        packed = mine.weight(b).packed(matrix, form, wanted, mine.stream)
        fixed.append((WEIGHT, packed))
    else:
        moving.append((WEIGHT, weight))
    if bias is not None:
        moving.append((BIAS, bias))
    if plus is not None:
        moving.append((PLUS, plus))
    return Call(primitive, mine.stream, mine.scratchpad, moving, fixed)
