"""Tensors made from nothing, from their shape, or from their bounds."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ir.program import Argument, Call, Ref
from ..ir.types import DTYPES
from ..kernels import generate as kernels
from .attributes import short_float
from .context import NodeContext
from .registry import lowers
from .shape import int_tuple, one_number

_SMALL = 16
"""Elements up to which a constant is written down in the call."""


@lowers("Constant")
def constant(node: NodeContext) -> Call:
    """1, 9 ...: ``value``. 11: ``sparse_value``. 12: numbers, strings and lists of them."""
    for name in ("value", "sparse_value"):
        if node.has(name):
            return _constant_tensor(node, node.tensor(name))
    if node.has("value_string"):
        return _constant_array(node, node.string("value_string"), "string")
    if node.has("value_strings"):
        return _constant_array(node, node.strings("value_strings"), "string")
    if node.has("value_int"):
        return _constant_array(node, node.int("value_int"), "int64")
    if node.has("value_ints"):
        return _constant_array(node, node.ints("value_ints"), "int64")
    if node.has("value_float"):
        return _constant_array(node, node.float("value_float"), "float32")
    return _constant_array(node, node.floats("value_floats"), "float32")


def _constant_array(node: NodeContext, items: Argument, dtype: str) -> Call:
    return node.call(np.array, items, dtype=DTYPES[dtype])


def _constant_tensor(node: NodeContext, value: np.ndarray) -> Call:
    strings = value.dtype.kind in "UO"
    small = 0 not in value.shape and value.size <= _SMALL
    if not strings and not (small and value.dtype in _WRITABLE):
        return node.call(np.asarray, node.weight("value", value))
    dtype = np.dtype(object) if strings else value.dtype
    return node.call(np.array, _nested(value.tolist()), dtype=dtype)


_WRITABLE = {np.dtype(kind) for kind in "?bBhHiIlLqQefd"}


def _nested(items: Any) -> Argument:
    """Make tuples of lists, and the shortest numbers of floats."""
    if isinstance(items, list):
        return tuple(map(_nested, items))
    if isinstance(items, bytes):
        return items.decode("utf-8")
    return short_float(items) if isinstance(items, float) else items


@lowers("ConstantOfShape", since=9)
def constant_of_shape(node: NodeContext) -> Call:
    """9, 20, 21 ...: only types were added."""
    value = node.tensor("value", np.zeros(1, np.float32)).reshape(-1)[:1]
    shape, dtype = int_tuple(node.literal(0)), value.dtype
    if dtype.kind in "UO":
        return node.call(np.full, shape, str(value[0]), dtype=np.dtype(object))
    if not value.any() and not np.signbit(value.astype(np.float64))[0]:
        return node.call(np.zeros, shape, dtype=dtype)
    if value[0] == 1:
        return node.call(np.ones, shape, dtype=dtype)
    item = value[0].item()
    if not isinstance(item, (bool, int, float)):
        item = float(item)
    return node.call(np.full, shape, _nested(item), dtype=dtype)


@lowers("EyeLike", since=9)
def eye_like(node: NodeContext) -> Call:
    """9, 22: only types were added."""
    dtype = node.element_type("dtype") if node.has("dtype") else None
    return node.call(kernels.eye_like, node.input(0), dtype=dtype, k=node.int("k", 0))


@lowers("Range", domain="com.microsoft")
@lowers("Range", since=11)
def range_(node: NodeContext) -> Call:
    """11. 27: types of 16 bits were added, and the type in which they are added up."""
    dtype = node.dtype(0) or node.dtype(1) or node.dtype(2)
    stash = node.element_type("stash_type", 1)
    start, limit = one_number(node, 0), one_number(node, 1)
    delta = one_number(node, 2) if node.has_input(2) else 1
    bounds = (start, limit, delta)
    if any(isinstance(bound, tuple) for bound in bounds):
        raise node.unsupported("start, limit, delta: expected one number each")
    literals = not any(isinstance(bound, Ref) for bound in bounds)
    known: dict[str, Any] = {}
    if stash != np.float32 and dtype in (None, "float16", "bfloat16"):
        known["stash_dtype"] = stash
    if literals:
        if dtype is None:
            raise node.unsupported("start: expected a known element type")
        known["dtype"] = DTYPES[dtype]
    if delta and dtype == "int64" and all(isinstance(bound, int) for bound in bounds):
        if start == 0 and delta == 1:
            return node.call(np.arange, limit, **known)
        return node.call(np.arange, *bounds[: 2 if delta == 1 else 3], **known)
    return node.call(kernels.range_, *bounds, **known)
