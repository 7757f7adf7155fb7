"""Arrays that are larger than memory: read in pieces, kept in files."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Iterator

import numpy as np

_FLOATS = (np.float16, np.float32, np.float64)

PIECE_BYTES = 1 << 24


def pieces(array: np.ndarray) -> Iterator[memoryview]:
    """Yield the bytes of an array, in C order; memory that a mapped array took is given back."""
    data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    for start in range(0, data.size, PIECE_BYTES):
        yield data[start : start + PIECE_BYTES].data
        give_back(array)


def give_back(array: np.ndarray) -> None:
    """Give memory back that a mapped file took; it is read again when it is needed."""
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)


def put_aside(array: np.ndarray) -> np.ndarray:
    """Return the same array out of memory, in a file that is gone when the array is."""
    if array.dtype.kind in "OU" or not array.nbytes:
        return array
    with tempfile.TemporaryFile() as stream:
        for piece in pieces(array):
            stream.write(piece)
        stream.flush()
        buffer = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    return np.ndarray(array.shape, array.dtype, buffer=buffer)


def is_uniform(array: np.ndarray) -> bool:
    """Return whether an array is a vector of floats, all of which have the same bits."""
    if array.ndim != 1 or array.size < 2 or array.dtype not in _FLOATS:
        return False
    return array.tobytes() == array[:1].tobytes() * array.size
