"""Arrays as oneDNN sees them: their address, shape and strides."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .library import Missing, load

F32 = np.dtype(np.float32)
FLOAT, BYTE = 3, 6  # dnnl_f32, dnnl_u8
KINDS = {
    F32: FLOAT,
    np.dtype(np.int32): 4,
    np.dtype(np.int8): 5,
    np.dtype(np.uint8): BYTE,
}
"""The library's numbers of dtypes."""
BYTES = (np.dtype(np.uint8), np.dtype(np.int8))
ANY_LAYOUT = 1  # dnnl_format_tag_any: the library chooses
MOST_AXES = 12

_HEADER = object.__basicsize__


def _address_in_header(array: NDArray[Any]) -> int:
    """Return where an array's elements begin: the first field of NumPy's struct."""
    return _POINTER(id(array) + _HEADER).value or 0


def _address_by_numpy(array: NDArray[Any]) -> int:
    """Return where an array's elements begin."""
    return int(array.ctypes.data)


def _fastest_address() -> Callable[[NDArray[Any]], int]:
    """Return the function above that takes a tenth of the time, if it works here."""
    if sys.implementation.name != "cpython":
        return _address_by_numpy
    whole = np.zeros((3, 4), F32)
    samples = whole, whole[1:, ::2], whole.T, np.broadcast_to(whole, (2, 3, 4))
    works = all(_address_in_header(a) == _address_by_numpy(a) for a in samples)
    return _address_in_header if works else _address_by_numpy


_POINTER = ctypes.c_void_p.from_address
address = _fastest_address()


class Handle:
    """An object of the library, which is destroyed with this one."""

    __slots__ = ("value", "_destroy")

    def __init__(self, kind: str, value: int) -> None:
        self.value = value
        self._destroy = getattr(load().functions, f"dnnl_{kind}_destroy")

    def __del__(self) -> None:
        self._destroy(ctypes.c_void_p(self.value))


def made(kind: str, function: str, *arguments: Any) -> Handle:
    """Return the object of a kind that a function of the library makes.

    Raises
    ------
    Missing
        If the library cannot make it.
    """
    return Handle(kind, load().made(function, *arguments))


def lengths(values: Sequence[int]) -> Any:
    """Return an array of the library's type of lengths.

    Raises
    ------
    Missing
        If there are more axes than the library has.
    """
    if len(values) > MOST_AXES:
        raise Missing("axes")
    return (ctypes.c_int64 * MOST_AXES)(*values)


def dense(shape: Sequence[int]) -> tuple[int, ...]:
    """Return the strides of a contiguous array, in elements."""
    return tuple(prod(shape[axis + 1 :]) for axis in range(len(shape)))


def layout(
    shape: Sequence[int], strides: Sequence[int] | None = None, kind: int = FLOAT
) -> Handle:
    """Return the description of a tensor; the strides are in elements, contiguous by default.

    Raises
    ------
    Missing
        If the library does not take it, such as elements that overlap.
    """
    steps = lengths(dense(shape) if strides is None else strides)
    function = "dnnl_memory_desc_create_with_strides"
    return made("memory_desc", function, len(shape), lengths(shape), kind, steps)


def any_layout(shape: Sequence[int], kind: int = FLOAT) -> Handle:
    """Return the description of a tensor whose layout the library chooses.

    Raises
    ------
    Missing
        If the library does not take it.
    """
    function = "dnnl_memory_desc_create_with_tag"
    return made("memory_desc", function, len(shape), lengths(shape), kind, ANY_LAYOUT)


def steps_of(array: NDArray[Any]) -> tuple[int, ...] | None:
    """Return the strides of an array in elements, if the library can read it so.

    That of an axis of one element is 1: it has no meaning.
    """
    steps, width = [], array.itemsize
    for size, step in zip(array.shape, array.strides):
        if size == 1:
            step = width
        if step <= 0 or step % width:
            return None
        steps.append(step // width)
    return tuple(steps)


def layout_of(array: NDArray[Any]) -> Handle:
    """Return the description of an array of a dtype in ``KINDS`` as it lies in memory.

    Raises
    ------
    Missing
        If the library does not take it.
    """
    # Axes of one element have the usual strides, too: some layouts are known by these.
    steps = dense(array.shape) if array.flags.c_contiguous else steps_of(array)
    if steps is None:
        raise Missing("strides")
    return layout(array.shape, steps, KINDS[array.dtype])


def aligned(size: int) -> NDArray[np.uint8]:
    """Return bytes that begin at a multiple of 64."""
    whole = np.empty(size + 64, np.uint8)
    begin = -address(whole) % 64
    return whole[begin : begin + size]


def size_of(description: int) -> int:
    """Return the number of bytes of a tensor that is described."""
    query = load().functions.dnnl_memory_desc_get_size
    query.restype = ctypes.c_size_t
    return int(query(ctypes.c_void_p(description)))
