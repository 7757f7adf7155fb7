"""Weight loading and input checks."""

from __future__ import annotations

import os
from functools import lru_cache, wraps
from io import BytesIO
from math import prod
from typing import Any, Callable, Optional, TypeVar, Union, cast

import numpy as np
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])
Dim = Union[int, str, None]
File = Union[str, "os.PathLike[str]"]

MAPPED_BYTES = 1 << 20
"""Larger weights are memory-mapped instead of read."""


class TensorSpec:
    """An input or output: its ONNX name, its Python name and its type.

    ``shape`` has an int, a symbol or None (unknown) per axis; it is None if the rank is
    unknown.
    """

    def __init__(
        self,
        name: str,
        python_name: str,
        dtype: str,
        shape: Optional[tuple[Dim, ...]],
        optional: bool = False,
    ) -> None:
        self.name = name
        self.python_name = python_name
        self.dtype = dtype
        self.shape = shape
        self.optional = optional

    def __repr__(self) -> str:
        return f"<{shown(self.name)}: {type_of(self)}>"


def shown(name: str) -> str:
    """Escape control characters in a name before printing it."""
    text = str(name)
    return text if text.isprintable() else ascii(text)


def type_of(spec: TensorSpec) -> str:
    """Format a type: ``float32[batch, 3]``."""
    if "(" in spec.dtype or spec.shape is None:
        return spec.dtype if "(" in spec.dtype else f"{spec.dtype}[...]"
    dims = ("?" if dim is None else shown(str(dim)) for dim in spec.shape)
    return f"{spec.dtype}[{', '.join(dims)}]"


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


def read_text(path: File) -> str:
    """Read text from a file, which may be in a zip archive."""
    if os.path.isfile(path):
        with open(path, encoding="utf-8") as file:
            return file.read()
    return archived(path).decode("utf-8")


def check_input(
    name: str, value: Any, expected: str, dims: Optional[dict[str, int]] = None
) -> NDArray[Any]:
    """Check an input and return it in native byte order.

    ``dims`` collects the sizes of symbolic dimensions, which must be equal in all inputs.

    Raises
    ------
    TypeError
        If ``value`` is not a NumPy array.
    ValueError
        If ``value`` has the wrong dtype or shape.
    """
    if not isinstance(value, (np.ndarray, np.generic)):
        kind = type(value).__name__
        raise TypeError(f"{shown(name)}: expected {expected}, got {kind}")
    dtype, shape = parse_type(expected)
    array: NDArray[Any] = np.asarray(value)
    if dtype == object and array.dtype.kind in "SUO":
        array = _as_strings(name, array)
    elif array.dtype != dtype:
        if array.dtype.newbyteorder("=") == dtype:
            array = array.astype(dtype)
        else:
            got = tensor_type(array)
            raise ValueError(f"{shown(name)}: expected {expected}, got {got}")
    if shape is None or array.shape == shape:
        return array
    known = {} if dims is None else dims
    fits = len(shape) == array.ndim
    for dim, length in zip(shape, array.shape if fits else ()):
        if dim is not None and length != dim:
            fits &= not isinstance(dim, int) and known.setdefault(dim, length) == length
    if not fits:
        lengths = array.shape if len(shape) == array.ndim else ()
        where = ", ".join(
            f"{dim} = {known[dim]}"
            for dim, length in zip(shape, lengths)
            if isinstance(dim, str) and known.get(dim, length) != length
        )
        note = f" (with {where})" if where else ""
        raise ValueError(
            f"{shown(name)}: expected {expected}{note}, got {tensor_type(array)}"
        )
    return array


def _as_strings(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """Convert to an array of str, as onnxruntime does: None becomes "None", 1.5 "1.5"."""
    if array.dtype.kind == "S":
        try:
            array = np.char.decode(array, "utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(f"{shown(name)}: expected UTF-8, got {error}") from None
    array = np.asarray(array, object)
    if all(type(item) is str for item in array.flat):
        return array
    strings = np.empty(array.size, object)
    strings[:] = [str(item) for item in array.flat]
    return strings.reshape(array.shape)


@lru_cache(maxsize=None)
def parse_type(text: str) -> tuple[Any, Optional[tuple[Dim, ...]]]:
    """Parse ``float32[batch, 3]`` into a dtype and a shape (None if the rank is unknown)."""
    name, _, rest = text.partition("[")
    dtype = np.dtype(object if name == "string" else name)
    if rest == "...]":
        return dtype, None
    dims = [dim for dim in rest[:-1].split(", ") if dim]
    return dtype, tuple(
        int(dim) if dim.isdigit() else None if dim == "?" else dim for dim in dims
    )


def tensor_type(x: NDArray[Any]) -> str:
    """Return the type of ``x`` as the comments in this package spell it.

    >>> tensor_type(np.zeros((1, 10), np.float32))
    'float32[1, 10]'
    """
    name = "string" if x.dtype.kind in "UO" else x.dtype.name
    return f"{name}[{', '.join(map(str, x.shape))}]"


def as_array(value: Any) -> NDArray[Any]:
    """Turn a NumPy scalar into a 0-d array; return anything else unchanged."""
    array: NDArray[Any] = np.asarray(value) if isinstance(value, np.generic) else value
    return array


def reuse_memory() -> None:
    """Ask glibc to reuse memory freed by one call in the next, for the rest of the process.

    By default glibc returns large blocks to the system, which clears their pages again in
    every call: 10% to 30% of its time. Freeing one block of this size raises glibc's
    threshold. The second block is where later calls allocate; NumPy requests huge pages
    for it, which are faster to clear: 10% of a first call. Nothing is written to either
    block. Other C libraries are unaffected.
    """
    for _ in range(2):
        np.empty(31 << 20, np.uint8)


def quiet(function: Function) -> Function:
    """Silence NumPy's floating-point warnings: in ONNX, 1 / 0 is inf.

    Errors are prefixed with the node that caused them, taken from the comment above its call.
    """

    @wraps(function)
    def wrapper(model: Any, /, *args: Any, **kwargs: Any) -> Any:
        with np.errstate(all="ignore"):
            try:
                return function(model, *args, **kwargs)
            except Exception as error:
                named = _with_node(error, model, function.__module__)
                if named is error:
                    raise
                raise named from error

    return cast(Function, wrapper)


def _with_node(error: Exception, model: object, module: str) -> Exception:
    """Return the error with the node in its message, unchanged if no node caused it."""
    node, trace = "", error.__traceback__
    while trace is not None:
        place = trace.tb_frame.f_locals.get("self")
        if place is model or type(place).__module__ == module:
            above = _comment_above(trace.tb_frame, trace.tb_lineno)
            node = f"{_path_of(place, model)}{above}" if above else node
        trace = trace.tb_next
    if not node:
        return error
    text, given = f"{node}: {error}", error.args
    error.args = (text,)
    if str(error) == text or isinstance(error, KeyError):
        return error
    error.args = given  # the class builds its own message
    numpy_kinds = type(error).__mro__ if "numpy" in type(error).__module__ else ()
    for kind in numpy_kinds:
        try:
            named: Exception = kind(text)
        except TypeError:
            continue
        if str(named) == text:
            return named
    return error


def _path_of(part: object, whole: object) -> str:
    """Return the attributes that lead to a part of a model, and a colon; none to itself."""
    waiting = [("", whole)]
    for path, holder in waiting:
        if holder is part:
            return f"{path[1:]}: " if path else ""
        for name, held in getattr(holder, "__dict__", {}).items():
            if isinstance(held, list):
                waiting += [(f"{path}.{name}.{i}", item) for i, item in enumerate(held)]
            else:
                waiting.append((f"{path}.{name}", held))
    return ""


def _comment_above(frame: Any, number: int) -> str:
    """Return the comment above the statement on a line, without the type after its arrow."""
    import linecache  # slow to import, and needed only for errors

    lines = linecache.getlines(frame.f_code.co_filename, frame.f_globals)
    comment: list[str] = []
    for line in map(str.strip, reversed(lines[: number - 1])):
        if line.startswith("#"):
            comment.insert(0, line[1:].strip())
        elif comment or not line:
            break
    return " ".join(comment).partition(" -> ")[0]
