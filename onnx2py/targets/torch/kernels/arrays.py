"""NumPy's functions and the methods of its arrays, with the parameters that programs use.

Where no argument has a device, there is a parameter for it.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from math import nan
from typing import Any

import torch
from torch import Tensor

from ._bits import SIGNED, either, in_order, joined, modular, moved, ordered, stacked
from ._ints import as_ints, distinct_axes
from ._narrow import wrapped
from ._precision import widened
from ._slices import slice_axis
from ._unsigned import unsigned_quotient, unsigned_shifted
from .indexing import gather, gather_elements

add = modular(operator.add)
arccos = torch.arccos
arccosh = torch.arccosh
arcsin = torch.arcsin
arcsinh = torch.arcsinh
arctan = torch.arctan
arctanh = torch.arctanh
bitwise_and = modular(torch.bitwise_and)
bitwise_or = modular(torch.bitwise_or)
bitwise_xor = modular(torch.bitwise_xor)
ceil = torch.ceil
cos = torch.cos
cosh = torch.cosh
divide = torch.divide
equal = modular(operator.eq)
exp = torch.exp
floor = torch.floor
greater = ordered(operator.gt)
greater_equal = ordered(operator.ge)
invert = modular(torch.bitwise_not)
isnan = torch.isnan
left_shift = modular(torch.bitwise_left_shift)
less = ordered(operator.lt)
less_equal = ordered(operator.le)
log = torch.log
logical_and = torch.logical_and
logical_not = torch.logical_not
logical_or = torch.logical_or
logical_xor = torch.logical_xor
maximum = ordered(torch.maximum)
minimum = ordered(torch.minimum)
multiply = modular(operator.mul)
negative = torch.negative
power = torch.pow
reciprocal = torch.reciprocal
rint = torch.round  # halves to even
sin = torch.sin
sinh = torch.sinh
sqrt = torch.sqrt
square = modular(torch.square)
subtract = modular(operator.sub)
tan = torch.tan
tanh = torch.tanh
where = either


def absolute(x: Tensor) -> Tensor:
    """Return ``|x|``."""
    return torch.abs(x) if x.dtype.is_signed else x


def arange(
    start_or_stop: int,
    stop: int | None = None,
    step: int = 1,
    *,
    dtype: torch.dtype = torch.int64,
    device: Any = None,
) -> Tensor:
    """Return start, start + step ... up to, not including, stop; start is 0 by default."""
    start, stop = (0, start_or_stop) if stop is None else (start_or_stop, stop)
    if (stop - start) * step <= 0:
        return torch.empty(0, dtype=dtype, device=device)
    return torch.arange(start, stop, step, device=device).to(dtype)


def argmax(a: Tensor, axis: int, *, keepdims: bool = False) -> Tensor:
    """Return the index of the first largest element along ``axis``."""
    return torch.argmax(in_order(a), axis, keepdim=keepdims)


def argmin(a: Tensor, axis: int, *, keepdims: bool = False) -> Tensor:
    """Return the index of the first smallest element along ``axis``."""
    return torch.argmin(in_order(a), axis, keepdim=keepdims)


def array(object: Any, dtype: torch.dtype, *, device: Any = None) -> Tensor:
    """Return a tensor of numbers in nested tuples."""
    return torch.tensor(object, dtype=dtype, device=device)


def asarray(a: Tensor) -> Tensor:
    """Return ``a`` itself."""
    return a


def astype(x: Tensor, dtype: Any) -> Tensor:
    """Convert the elements of ``x``; a narrow type is given by its name."""
    if isinstance(dtype, str):
        return wrapped(x, dtype)
    if dtype == torch.float8_e4m3fn:  # which saturates in PyTorch
        x = x.float()
        x = torch.where(x.abs() > 464, nan, x)
    return x.to(dtype)


def broadcast_to(array: Tensor, shape: Sequence[int] | Tensor) -> Tensor:
    """Return a view of ``array`` repeated along axes of length 1, and along new ones."""
    return torch.broadcast_to(array, as_ints(shape))


def compress(condition: Tensor, a: Tensor, axis: int | None = None) -> Tensor:
    """Return the slices along ``axis`` where the condition is true; all elements if None."""
    places = condition.nonzero().flatten()
    if axis is None:
        return gather(a.flatten(), places)
    return gather(a, places, axis=axis)


def concatenate(arrays: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Return the tensors joined along ``axis``."""
    return joined(arrays, axis)


def cumsum(a: Tensor, axis: int, dtype: torch.dtype | None = None) -> Tensor:
    """Return the cumulative sum along ``axis``."""
    return torch.cumsum(a, axis, dtype=dtype)


def expand_dims(a: Tensor, axis: int | Sequence[int]) -> Tensor:
    """Return a view with new axes of length 1, which are at ``axis`` of the result."""
    axes = as_ints(axis)
    places = distinct_axes(axes, a.ndim + len(axes))
    if len(places) < len(axes):
        raise ValueError(f"expand_dims: expected different axes, got {axis}")
    for place in sorted(places):
        a = a.unsqueeze(place)
    return a


def fmod(x1: Tensor, x2: Tensor) -> Tensor:
    """Return the remainder of ``x1 / x2``, with the sign of ``x1``."""
    return torch.fmod(x1, x2) if x1.dtype.is_signed else remainder(x1, x2)


def full(
    shape: Sequence[int] | Tensor,
    fill_value: float,
    dtype: torch.dtype,
    *,
    device: Any = None,
) -> Tensor:
    """Return a tensor of one number."""
    # torch.full refuses numbers of few digits that are rounded to the largest float32.
    number = torch.tensor(fill_value, dtype=dtype, device=device)
    return number.expand(as_ints(shape)).clone()


def getitem(x: Tensor, index: tuple[Any, ...]) -> Tensor:
    """Return ``x[index]``, an index of slices of either step, perhaps behind ``...``."""
    parts = [part for part in index if part is not ...]
    first = x.ndim - len(parts) if len(parts) < len(index) else 0
    for axis, part in enumerate(parts, first):
        x = slice_axis(x, axis, part)
    return x


def isinf(x: Tensor) -> Tensor:
    """Return where ``x`` is infinite."""
    return torch.isinf(widened(x))


@modular
def matmul(x1: Tensor, x2: Tensor, *, dtype: torch.dtype | None = None) -> Tensor:
    """Return the matrix product, broadcast over leading axes."""
    return torch.matmul(x1, x2) if dtype is None else matmul(x1.to(dtype), x2.to(dtype))


@ordered
def max(a: Tensor, axis: int | tuple[int, ...], *, keepdims: bool = False) -> Tensor:
    """Return the maximum along ``axis``."""
    return torch.amax(a, axis, keepdims)


def mean(a: Tensor, axis: int | tuple[int, ...], *, keepdims: bool = False) -> Tensor:
    """Return the mean along ``axis``."""
    return torch.mean(a, axis, keepdims)


@ordered
def min(a: Tensor, axis: int | tuple[int, ...], *, keepdims: bool = False) -> Tensor:
    """Return the minimum along ``axis``."""
    return torch.amin(a, axis, keepdims)


def ones(
    shape: Sequence[int] | Tensor, dtype: torch.dtype, *, device: Any = None
) -> Tensor:
    """Return a tensor of ones."""
    return torch.ones(as_ints(shape), dtype=dtype, device=device)


def positive(x: Tensor) -> Tensor:
    """Return ``x`` itself."""
    return x


@modular
def prod(a: Tensor, axis: int | tuple[int, ...], *, keepdims: bool = False) -> Tensor:
    """Return the product along ``axis``, of the dtype of ``a``."""
    for place in sorted(distinct_axes(as_ints(axis), a.ndim), reverse=True):
        a = a.prod(place, keepdim=keepdims, dtype=a.dtype)
    return a


def remainder(x1: Tensor, x2: Tensor) -> Tensor:
    """Return the remainder of ``x1 / x2``, with the sign of ``x2``."""
    if x1.dtype in SIGNED:
        return subtract(x1, multiply(unsigned_quotient(x1, x2), x2))
    if not x1.is_floating_point():
        return torch.remainder(x1, x2)
    rest = torch.fmod(x1, x2)  # torch.remainder(1, inf) is NaN
    return torch.where((rest != 0) & ((rest < 0) != (x2 < 0)), rest + x2, rest)


def reshape(a: Tensor, shape: Sequence[int] | Tensor) -> Tensor:
    """Return the elements of ``a`` in another shape; one length may be -1."""
    return torch.reshape(a, as_ints(shape))


def right_shift(x1: Tensor, x2: Tensor) -> Tensor:
    """Return ``x1 >> x2``; 0 or -1 if all bits are shifted out."""
    if x1.dtype == torch.uint64:
        return unsigned_shifted(x1, x2)
    if x1.dtype in SIGNED:
        return torch.bitwise_right_shift(x1.long(), x2.long()).to(x1.dtype)
    return torch.bitwise_right_shift(x1, x2)


def sign(x: Tensor) -> Tensor:
    """Return -1, 0 or 1; NaN for NaN."""
    if not x.dtype.is_signed:
        return (x != 0).to(x.dtype)
    return torch.where(torch.isnan(x), x, torch.sign(x))  # torch.sign(nan) is 0


def squeeze(a: Tensor, axis: int | Sequence[int] | None = None) -> Tensor:
    """Return a view without the given axes of length 1, or without all of them."""
    if axis is None:
        return torch.squeeze(a)
    axes = as_ints(axis)
    if any(a.shape[place] != 1 for place in axes):
        raise ValueError(f"squeeze: expected axes of length 1, got {axes} of {a.shape}")
    return torch.squeeze(a, tuple(axes))


def stack(arrays: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Return the tensors joined along a new axis."""
    return stacked(arrays, axis)


@modular
def sum(a: Tensor, axis: int | tuple[int, ...], *, keepdims: bool = False) -> Tensor:
    """Return the sum along ``axis``, of the dtype of ``a``."""
    return torch.sum(a, axis, keepdims, dtype=a.dtype)


def take(a: Tensor, indices: Any, axis: int) -> Tensor:
    """Return the slices of ``a`` at ``indices``, whose axes replace ``axis``."""
    return gather(a, indices, axis=axis)


def take_along_axis(arr: Tensor, indices: Tensor, axis: int) -> Tensor:
    """Return the element of ``arr`` at each index along ``axis``."""
    return gather_elements(arr, indices, axis=axis)


def tile(A: Tensor, reps: Sequence[int] | Tensor) -> Tensor:
    """Return ``A`` repeated along each axis."""
    return torch.tile(A, as_ints(reps))


def transpose(a: Tensor, axes: Sequence[int] | None = None) -> Tensor:
    """Return a view with the axes in another order, by default reversed."""
    return a.permute(tuple(reversed(range(a.ndim))) if axes is None else axes)


@moved
def tril(m: Tensor, k: int = 0) -> Tensor:
    """Return the matrices with 0 above diagonal ``k``."""
    return torch.tril(m, k)


@moved
def triu(m: Tensor, k: int = 0) -> Tensor:
    """Return the matrices with 0 below diagonal ``k``."""
    return torch.triu(m, k)


def unique(ar: Tensor) -> Tensor:
    """Return the different elements in ascending order."""
    return torch.unique(ar)


def view(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Return the same bytes as elements of another type."""
    return x.view(dtype)


def zeros(
    shape: Sequence[int] | Tensor, dtype: torch.dtype, *, device: Any = None
) -> Tensor:
    """Return a tensor of zeros."""
    return torch.zeros(as_ints(shape), dtype=dtype, device=device)
