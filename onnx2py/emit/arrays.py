"""Constants as literals or as files."""

from __future__ import annotations

import hashlib
from typing import IO

import numpy as np

from ..ir.memory import pieces
from ..ir.types import EXTENSION_DTYPES

INLINE_ELEMENTS = 4
"""Constants up to this size (integers up to twice that) are written into the source."""


PIECE = 1 << 20
"""Number of elements compared at a time."""

MOST_PADDING = 16
"""Maximum growth factor of strings in a file."""

_CARRIERS = {1: np.uint8, 2: np.uint16}


def is_scalar(array: np.ndarray) -> bool:
    """Return whether an array is a single number of one of NumPy's own dtypes."""
    return (
        array.ndim == 0 and array.dtype.kind in "iufb" and array.dtype not in EXTENSIONS
    )


EXTENSIONS = set(EXTENSION_DTYPES.values())


def is_storable(array: np.ndarray) -> bool:
    """Return whether a file can hold the array: NumPy drops NULs at the end of strings.

    NumPy also stores every string with the length of the longest.
    """
    if array.dtype.kind not in "OU":
        return True
    lengths = [len(str(item)) for item in array.ravel()]
    if len(lengths) * max(lengths, default=0) > MOST_PADDING * sum(lengths) + (1 << 20):
        return False
    return not any(
        str(item).endswith("\0") or any(0xD800 <= ord(c) < 0xE000 for c in str(item))
        for item in array.ravel()
    )


def stored_array(array: np.ndarray) -> np.ndarray:
    """Convert an array so that plain NumPy can map it: little-endian, C order, no objects."""
    if array.dtype.kind in "OU":
        return array.astype(str) if array.size else np.zeros(array.shape, "<U1")
    if array.dtype in EXTENSIONS:
        return (
            np.ascontiguousarray(array)
            .view(_CARRIERS[array.dtype.itemsize])
            .reshape(array.shape)
        )
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return (
        little
        if little.flags.c_contiguous
        else np.ascontiguousarray(little).reshape(array.shape)
    )


def narrowed(array: np.ndarray, dtype: np.dtype, factor: int = 1) -> np.ndarray | None:
    """Return ``factor`` times float32 in a smaller type, None unless the numbers stay the same."""
    flat = array.reshape(-1)
    small = np.empty(flat.size, dtype)
    for start in range(0, flat.size, PIECE):
        piece = slice(start, start + PIECE)
        with np.errstate(over="ignore", invalid="ignore"):
            wide = flat[piece] * np.float32(factor)
            small[piece] = wide.astype(dtype)
        if not np.array_equal(small[piece].astype(np.float32), wide, equal_nan=True):
            return None
    return small.reshape(array.shape)


def digest_of(array: np.ndarray) -> bytes:
    """Return a hash of the contents: equal weights are stored once."""
    digest = hashlib.sha256()
    if array.dtype.kind in "OU":
        digest.update(repr(array.tolist()).encode())
    else:
        for piece in pieces(array):
            digest.update(piece)
    return digest.digest()


def write_array(stream: IO[bytes], array: np.ndarray) -> None:
    """Write a ``.npy`` file, as NumPy does, without holding a mapped array in memory."""
    if not array.flags.c_contiguous or array.dtype.kind in "OU":
        np.lib.format.write_array(stream, array, allow_pickle=False)
        return
    header = np.lib.format.header_data_from_array_1_0(array)
    np.lib.format.write_array_header_1_0(stream, header)
    for piece in pieces(array):
        stream.write(piece)


def is_inline(array: np.ndarray) -> bool:
    """Return whether to write a constant into the source: if small, or if no file can hold it."""
    limit = INLINE_ELEMENTS * (2 if array.dtype.kind in "iu" and array.ndim <= 1 else 1)
    return array.size <= limit or not is_storable(array)
