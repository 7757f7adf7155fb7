"""NumPy's functions and the methods of its arrays, with the parameters that programs use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from ._float8 import fitted
from ._ints import as_ints
from ._narrow import joined, stacked
from ._slices import chosen, sliced

absolute = jnp.absolute
add = jnp.add
arccos = jnp.arccos
arccosh = jnp.arccosh
arcsin = jnp.arcsin
arcsinh = jnp.arcsinh
arctan = jnp.arctan
arctanh = jnp.arctanh
bitwise_and = jnp.bitwise_and
bitwise_or = jnp.bitwise_or
bitwise_xor = jnp.bitwise_xor
ceil = jnp.ceil
cos = jnp.cos
cosh = jnp.cosh
divide = jnp.divide
equal = jnp.equal
exp = jnp.exp
floor = jnp.floor
fmod = jnp.fmod
greater = jnp.greater
greater_equal = jnp.greater_equal
invert = jnp.invert
isinf = jnp.isinf
isnan = jnp.isnan
left_shift = jnp.left_shift
less = jnp.less
less_equal = jnp.less_equal
log = jnp.log
logical_and = jnp.logical_and
logical_not = jnp.logical_not
logical_or = jnp.logical_or
logical_xor = jnp.logical_xor
maximum = jnp.maximum
minimum = jnp.minimum
multiply = jnp.multiply
negative = jnp.negative
positive = jnp.positive
power = jnp.power
reciprocal = jnp.reciprocal
remainder = jnp.remainder
right_shift = jnp.right_shift
rint = jnp.rint
sign = jnp.sign
sin = jnp.sin
sinh = jnp.sinh
sqrt = jnp.sqrt
square = jnp.square
subtract = jnp.subtract
tan = jnp.tan
tanh = jnp.tanh
unique = jnp.unique
where = jnp.where


def arange(
    start_or_stop: int, stop: int | None = None, step: int = 1, *, dtype: Any = int
) -> Array:
    """Return start, start + step ... up to, not including, stop; start is 0 by default."""
    return jnp.arange(start_or_stop, stop, step, dtype=dtype)


def argmax(a: Array, axis: int, *, keepdims: bool = False) -> Array:
    """Return the index of the first largest element along ``axis``."""
    return jnp.argmax(a, axis, keepdims=keepdims)


def argmin(a: Array, axis: int, *, keepdims: bool = False) -> Array:
    """Return the index of the first smallest element along ``axis``."""
    return jnp.argmin(a, axis, keepdims=keepdims)


def array(object: Any, dtype: Any) -> Array:
    """Return an array of numbers in nested tuples."""
    return jnp.array(object, dtype)


def asarray(a: Any) -> Array:
    """Return ``a`` as an array of JAX."""
    return jnp.asarray(a)


def astype(x: Array, dtype: Any) -> Array:
    """Convert the elements of ``x``.

    Of floats that an integer of 8 or 16 bits lacks, the last bits remain, as in NumPy.
    """
    to = np.dtype(dtype)
    is_small = jnp.issubdtype(to, jnp.integer) and to.itemsize <= 2
    if is_small and jnp.issubdtype(x.dtype, jnp.floating):
        x = x.astype(jnp.int32)  # XLA would take the nearest number
    if x.dtype in (jnp.float32, jnp.float64):
        x = fitted(x, to)
    return x.astype(dtype)


def broadcast_to(array: Array, shape: Sequence[int] | Array) -> Array:
    """Return ``array`` repeated along axes of length 1, and along new ones."""
    return jnp.broadcast_to(array, tuple(as_ints(shape)))


def compress(condition: Array, a: Array, axis: int | None = None) -> Array:
    """Return the slices along ``axis`` where the condition is true; all elements if None."""
    return chosen(a, condition, axis)


def concatenate(arrays: Sequence[Array], axis: int = 0) -> Array:
    """Return the arrays joined along ``axis``."""
    return joined(arrays, axis)


def cumsum(a: Array, axis: int, dtype: Any = None) -> Array:
    """Return the cumulative sum along ``axis``, by default of the dtype of ``a``."""
    return jnp.cumsum(a, axis, a.dtype if dtype is None else dtype)


def expand_dims(a: Array, axis: int | Sequence[int]) -> Array:
    """Return ``a`` with new axes of length 1, which are at ``axis`` of the result."""
    return jnp.expand_dims(a, tuple(as_ints(axis)))


def full(shape: Sequence[int] | Array, fill_value: float, dtype: Any) -> Array:
    """Return an array of one number."""
    return jnp.full(tuple(as_ints(shape)), fill_value, dtype)


def getitem(x: Array, index: tuple[Any, ...]) -> Array:
    """Return ``x[index]``."""
    return sliced(x, index)


def matmul(x1: Array, x2: Array, *, dtype: Any = None) -> Array:
    """Return the matrix product, broadcast over leading axes."""
    if dtype is not None:
        x1, x2 = x1.astype(dtype), x2.astype(dtype)
    return jnp.matmul(x1, x2)


def max(a: Array, axis: int | tuple[int, ...], *, keepdims: bool = False) -> Array:
    """Return the maximum along ``axis``."""
    return jnp.max(a, axis, keepdims=keepdims)


def mean(a: Array, axis: int | tuple[int, ...], *, keepdims: bool = False) -> Array:
    """Return the mean along ``axis``."""
    return jnp.mean(a, axis, keepdims=keepdims)


def min(a: Array, axis: int | tuple[int, ...], *, keepdims: bool = False) -> Array:
    """Return the minimum along ``axis``."""
    return jnp.min(a, axis, keepdims=keepdims)


def ones(shape: Sequence[int] | Array, dtype: Any) -> Array:
    """Return an array of ones."""
    return jnp.ones(tuple(as_ints(shape)), dtype)


def prod(a: Array, axis: int | tuple[int, ...], *, keepdims: bool = False) -> Array:
    """Return the product along ``axis``, of the dtype of ``a``."""
    return jnp.prod(a, axis, a.dtype, keepdims=keepdims)


def reshape(a: Array, shape: Sequence[int] | Array) -> Array:
    """Return the elements of ``a`` in another shape; one length may be -1."""
    return jnp.reshape(a, tuple(as_ints(shape)))


def squeeze(a: Array, axis: int | Sequence[int] | None = None) -> Array:
    """Return ``a`` without the given axes of length 1, or without all of them."""
    return jnp.squeeze(a, None if axis is None else tuple(as_ints(axis)))


def stack(arrays: Sequence[Array], axis: int = 0) -> Array:
    """Return the arrays joined along a new axis."""
    return stacked(arrays, axis)


def sum(a: Array, axis: int | tuple[int, ...], *, keepdims: bool = False) -> Array:
    """Return the sum along ``axis``, of the dtype of ``a``."""
    return jnp.sum(a, axis, a.dtype, keepdims=keepdims)


def take(a: Array, indices: Any, axis: int) -> Array:
    """Return the slices of ``a`` at ``indices``, whose axes replace ``axis``."""
    return jnp.take(a, indices, axis)


def take_along_axis(arr: Array, indices: Array, axis: int) -> Array:
    """Return the element of ``arr`` at each index along ``axis``."""
    return jnp.take_along_axis(arr, indices, axis)


def tile(A: Array, reps: Sequence[int] | Array) -> Array:
    """Return ``A`` repeated along each axis."""
    return jnp.tile(A, tuple(as_ints(reps)))


def transpose(a: Array, axes: Sequence[int] | None = None) -> Array:
    """Return ``a`` with the axes in another order, by default reversed."""
    return jnp.transpose(a, axes)


def tril(m: Array, k: int = 0) -> Array:
    """Return the matrices with 0 above diagonal ``k``."""
    return jnp.tril(m, k)


def triu(m: Array, k: int = 0) -> Array:
    """Return the matrices with 0 below diagonal ``k``."""
    return jnp.triu(m, k)


def view(x: Array, dtype: Any) -> Array:
    """Return the same bytes as elements of another type."""
    return x.view(dtype)


def zeros(shape: Sequence[int] | Array, dtype: Any) -> Array:
    """Return an array of zeros."""
    return jnp.zeros(tuple(as_ints(shape)), dtype)
