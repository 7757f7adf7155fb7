"""Parameters and constants in files of the format of safetensors."""

from __future__ import annotations

import json
import math
import mmap
import os
from os import PathLike
from typing import Any, Union

import jax.numpy as jnp
import numpy as np

File = Union[str, PathLike[str]]
Params = Any
"""Arrays in dictionaries and lists: a tree that :mod:`jax.tree` walks."""

INDICES = {str(number): number for number in range(1000)}
"""The names of what lists hold."""
DTYPES: dict[str, Any] = {
    "BOOL": np.dtype(bool),
    "BF16": jnp.dtype(jnp.bfloat16),
    "C64": np.dtype(np.complex64),
    "C128": np.dtype(np.complex128),
    "F8_E4M3": jnp.dtype(jnp.float8_e4m3fn),
    "F8_E4M3FNUZ": jnp.dtype(jnp.float8_e4m3fnuz),
    "F8_E5M2": jnp.dtype(jnp.float8_e5m2),
    "F8_E5M2FNUZ": jnp.dtype(jnp.float8_e5m2fnuz),
    **{f"F{bits}": np.dtype(f"float{bits}") for bits in (16, 32, 64)},
    **{f"I{bits}": np.dtype(f"int{bits}") for bits in (8, 16, 32, 64)},
    **{f"U{bits}": np.dtype(f"uint{bits}") for bits in (8, 16, 32, 64)},
}


def read_params(file: File) -> Params:
    """Return the arrays of a file as a tree: ``layers.0.weight`` is ``["layers"][0]["weight"]``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    """
    tree: dict[str, Any] = {}
    for key, array in read_arrays(file).items():
        *around, last = key.split(".")
        place = tree
        for part in around:
            place = place.setdefault(part, {})
        place[last] = jnp.asarray(array)
    return with_lists(tree)


def with_lists(tree: Any) -> Any:
    """Return a tree whose parts with numbers below 1000 for names are lists; gaps are empty."""
    if not isinstance(tree, dict):
        return tree
    parts = {name: with_lists(part) for name, part in tree.items()}
    numbers = [INDICES[name] for name in parts if name in INDICES]
    if not parts or len(numbers) < len(parts):
        return parts
    return [parts.get(str(number), {}) for number in range(1 + max(numbers))]


def read_constants(file: File) -> dict[str, Any]:
    """Return the arrays of a file by their names, as NumPy's.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    """
    return read_arrays(file)


def read_arrays(file: File) -> dict[str, Any]:
    """Return the arrays of a ``.safetensors`` file, which is mapped into memory.

    One in the zip this package was imported from is read.
    """
    try:
        with open(file, "rb") as stream:
            data: Any = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except (FileNotFoundError, NotADirectoryError):
        data = archived(file)
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)
    arrays = {}
    for name, entry in header.items():
        dtype, shape = DTYPES[entry["dtype"]], entry["shape"]
        count, begin = math.prod(shape), start + entry["data_offsets"][0]
        flat = np.frombuffer(data, dtype, count, begin) if count else np.zeros(0, dtype)
        arrays[name] = flat.reshape(shape)
    return arrays


def archived(path: File) -> bytes:
    """Return the contents of a file in the zip this package was imported from.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or no zip.
    """
    get_data = getattr(getattr(__spec__, "loader", None), "get_data", None)
    if get_data is None or os.path.isdir(os.path.dirname(path)):
        raise FileNotFoundError(f"{path}: no such file")
    try:
        data: bytes = get_data(str(path))
    except OSError:
        raise FileNotFoundError(f"{path}: no such file") from None
    return data
