"""Weight loading."""

from __future__ import annotations

import os
from io import BytesIO
from math import prod
from typing import Any, Optional, Union

import numpy as np
from numpy.typing import NDArray

from ._checks import Dim, parse_type, tensor_type

File = Union[str, "os.PathLike[str]"]

MAPPED_BYTES = 1 << 20
"""Larger weights are memory-mapped instead of read."""


class Load:
    """Loads the weights of a model, or of one object in it.

    Parameters
    ----------
    folder
        The folder with the files.
    prefix
        What the names of the object's files begin with: ``layers.3.``.
    """

    def __init__(self, folder: File, prefix: str = "") -> None:
        self.folder = folder
        self.prefix = prefix

    def __call__(self, name: str, expected: str) -> NDArray[Any]:
        """Return a weight, read by :func:`load_weight`."""
        return load_weight(self.folder, self.prefix + name, expected)

    def at(self, path: str) -> Load:
        """Return the loader of the weights of an object inside: ``layers.3``."""
        return Load(self.folder, f"{self.prefix}{path}.")


def load_weight(folder: File, name: str, expected: str) -> NDArray[Any]:
    """Read ``<name>.npy`` and check its dtype and shape; ``*`` is any length.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, or its tensor has the wrong dtype or shape.
    """
    path = os.path.join(folder, f"{name}.npy")
    known = _read_usual(path, expected)
    if known is not None:
        return known
    try:
        weight = read_array(path)
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path}: expected {expected}, got {error}") from None
    dtype = expected.partition("[")[0]
    if dtype == "string":
        weight = weight.astype(object)
    actual = tensor_type(weight).partition("[")[0]
    if actual != dtype or not _fits(weight.shape, parse_type(expected)[1]):
        raise ValueError(f"{path}: expected {expected}, got {tensor_type(weight)}")
    return weight


def _fits(shape: tuple[int, ...], dims: Optional[tuple[Dim, ...]]) -> bool:
    """Return whether a weight's shape is the expected one, in which ``*`` is any length."""
    if dims is None:
        return True
    return len(shape) == len(dims) and all(d in ("*", n) for n, d in zip(shape, dims))


def _read_usual(path: File, expected: str) -> Optional[NDArray[Any]]:
    """Fast path: read a file that has exactly NumPy's standard header; None otherwise.

    ``np.load`` takes 0.2 ms to parse a header, longer than reading most weights.
    """
    dtype, dims = parse_type(expected)
    if dtype == object:
        return None
    try:
        with open(path, "rb") as file:
            start = file.read(10)
            header = file.read(int.from_bytes(start[8:], "little")).rstrip()
            lengths = header.partition(b"'shape': (")[2].partition(b")")[0]
            shape = tuple(int(length) for length in lengths.split(b",") if length)
            fields = {"descr": dtype.str, "fortran_order": False, "shape": shape}
            usual = repr(fields)[:-1] + ", }"
            if start[:8] != b"\x93NUMPY\x01\x00" or header != usual.encode():
                return None
            if not _fits(shape, dims):
                return None
            size = prod(shape) * dtype.itemsize
            if size > MAPPED_BYTES:
                return np.asarray(np.memmap(file, dtype, "r", file.tell(), shape))
            array: NDArray[Any] = np.empty(shape, dtype)
            whole = not size or file.readinto(array.data) == size
            return array if whole and not file.read(1) else None
    except (OSError, ValueError):
        return None  # read_array() reports the error


def read_array(path: File) -> NDArray[Any]:
    """Read an array from a file, which may be in a zip archive.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    """
    try:
        size = os.stat(path).st_size
    except OSError:
        return np.asarray(np.load(BytesIO(archived(path)), allow_pickle=False))
    if size > MAPPED_BYTES:
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    return np.asarray(np.load(path, allow_pickle=False))


def archived(path: File) -> bytes:
    """Return the contents of a file in the zip this package was imported from."""
    get_data = getattr(getattr(__spec__, "loader", None), "get_data", None)
    if get_data is None or os.path.isdir(os.path.dirname(path)):
        raise FileNotFoundError(f"{path}: no such file")
    try:
        data: bytes = get_data(str(path))
    except OSError:
        raise FileNotFoundError(f"{path}: no such file") from None
    return data
