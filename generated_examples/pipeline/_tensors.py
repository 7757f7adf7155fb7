"""Reading weights and checking inputs, with errors that name the tensor."""

from __future__ import annotations

from functools import lru_cache, wraps
from io import BytesIO
from pathlib import Path
from typing import Any, Callable, NamedTuple, Optional, TypeVar, Union, cast

import numpy as np
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])
Dim = Union[int, str, None]

MAPPED_BYTES = 1 << 20
"""Larger weights are mapped into memory rather than read."""


class TensorSpec(NamedTuple):
    """An input or output: its ONNX name, its Python name and its type.

    ``shape`` has an int, a symbol or None for each axis, and is None where the rank is
    not known.
    """

    name: str
    python_name: str
    dtype: str
    shape: Optional[tuple[Dim, ...]]
    optional: bool = False


def load_weight(folder: Path, name: str, expected: str) -> NDArray[Any]:
    """Read ``<name>.npy`` and check that it is the tensor which the graph expects.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file holds a tensor of another type, or is damaged.
    """
    path = folder / f"{name}.npy"
    try:
        weight = read_array(path)
    except ValueError as error:
        raise ValueError(f"{path}: expected {expected}, found {error}") from None
    dtype = expected.partition("[")[0]
    if dtype == "string":
        weight = weight.astype(object)
    if tensor_type(weight) != expected:
        raise ValueError(f"{path}: expected {expected}, found {tensor_type(weight)}")
    return weight


def read_array(path: Path) -> NDArray[Any]:
    """Return the array in a file, which may lie in a zip archive.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    """
    try:
        size = path.stat().st_size
    except OSError:
        return np.asarray(np.load(BytesIO(_archived(path)), allow_pickle=False))
    if size > MAPPED_BYTES:
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    return np.asarray(np.load(path, allow_pickle=False))


def _archived(path: Path) -> bytes:
    """Return what a file holds that lies in the archive from which this module came."""
    get_data = getattr(getattr(__spec__, "loader", None), "get_data", None)
    if get_data is None or path.parent.is_dir():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        data: bytes = get_data(str(path))
    except OSError:
        raise FileNotFoundError(f"{path}: no such file") from None
    return data


def read_text(path: Path) -> str:
    """Return the text in a file, which may lie in a zip archive."""
    if path.is_file():
        return path.read_text(encoding="utf-8")
    return _archived(path).decode("utf-8")


def keep_memory() -> None:
    """Let the process keep up to 64 MB that calls free, for the next calls.

    glibc's ``free`` gives large arrays back to the system, which clears each page when it is
    wanted again: that takes a quarter of the time of many models. Once an array of nearly
    32 MB was freed, glibc takes smaller ones for ordinary. Elsewhere it does nothing.
    """
    np.empty((1 << 25) - (1 << 16), np.uint8)


def check_input(
    name: str, value: Any, expected: str, dims: Optional[dict[str, int]] = None
) -> NDArray[Any]:
    """Return an input of the graph in the machine's byte order, once its type is checked.

    ``dims`` collects the lengths that symbols stand for.

    Raises
    ------
    TypeError
        If ``value`` is not a NumPy array.
    ValueError
        If ``value`` is of another dtype or shape.
    """
    if not isinstance(value, (np.ndarray, np.generic)):
        raise TypeError(f"{name}: expected {expected}, got {type(value).__name__}")
    dtype, shape = _parse_type(expected)
    array: NDArray[Any] = np.asarray(value)
    if array.dtype != dtype or not array.dtype.isnative:
        if array.dtype.kind in "UO" and dtype == object:
            array = array.astype(object)
        elif array.dtype.newbyteorder("=") == dtype:
            array = array.astype(dtype)
        else:
            raise ValueError(f"{name}: expected {expected}, got {tensor_type(array)}")
    if shape is None or array.shape == shape:
        return array
    known = {} if dims is None else dims
    if len(shape) != array.ndim or not all(
        dim is None
        or length == (dim if isinstance(dim, int) else known.setdefault(dim, length))
        for dim, length in zip(shape, array.shape)
    ):
        where = ", ".join(f"{k} = {known[k]}" for k in shape if k in known)
        note = f" (with {where})" if where else ""
        raise ValueError(f"{name}: expected {expected}{note}, got {tensor_type(array)}")
    return array


@lru_cache(maxsize=None)
def _parse_type(text: str) -> tuple[Any, Optional[tuple[Dim, ...]]]:
    """Parse ``float32[batch, 3]`` to a dtype and a shape, None for an unknown rank."""
    name, _, rest = text.partition("[")
    dtype = np.dtype((object if name == "string" else name))
    if rest == "...]":
        return dtype, None
    dims = [dim for dim in rest[:-1].split(", ") if dim]
    return dtype, tuple(
        int(dim) if dim.isdigit() else None if dim == "?" else dim for dim in dims
    )


def tensor_type(x: NDArray[Any]) -> str:
    """Spell the type of ``x`` the way the comments in this package do.

    >>> tensor_type(np.zeros((1, 10), np.float32))
    'float32[1, 10]'
    """
    name = "string" if x.dtype.kind in "UO" else x.dtype.name
    return f"{name}[{', '.join(map(str, x.shape))}]"


def as_array(value: Any) -> NDArray[Any]:
    """Return a NumPy scalar as an array of no axes, and anything else as it is."""
    array: NDArray[Any] = np.asarray(value) if isinstance(value, np.generic) else value
    return array


def quiet(function: Function) -> Function:
    """Let a function compute as ONNX does: 1 / 0 is inf, without a warning."""

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*args, **kwargs)

    return cast(Function, wrapper)
