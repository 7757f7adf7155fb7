"""Reading weights and checking inputs, with errors that name the tensor."""

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
"""Larger weights are mapped into memory rather than read."""


class TensorSpec:
    """An input or output: its ONNX name, its Python name and its type.

    ``shape`` has an int, a symbol or None for each axis, and is None where the rank is
    not known.
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
        kind = "[...]" if self.shape is None else list(self.shape)
        return f"<{shown(self.name)}: {self.dtype}{kind}>"


def shown(name: str) -> str:
    """Return a name without what would steer a terminal."""
    text = str(name)
    return text if text.isprintable() else ascii(text)


def load_weight(folder: File, name: str, expected: str) -> NDArray[Any]:
    """Read ``<name>.npy`` and check that it is the tensor which the graph expects.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file holds a tensor of another type, or is damaged.
    """
    path = os.path.join(folder, f"{name}.npy")
    known = _read_usual(path, expected)
    if known is not None:
        return known
    try:
        weight = read_array(path)
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path}: expected {expected}, found {error}") from None
    dtype = expected.partition("[")[0]
    if dtype == "string":
        weight = weight.astype(object)
    if tensor_type(weight) != expected:
        raise ValueError(f"{path}: expected {expected}, found {tensor_type(weight)}")
    return weight


def _read_usual(path: File, expected: str) -> Optional[NDArray[Any]]:
    """Return the array in a file that has the header which this type usually has, else None.

    It takes ``np.load`` 0.2 ms to parse a header, longer than to read most weights.
    """
    dtype, dims = parse_type(expected)
    if dtype == object:
        return None
    shape: Any = dims  # of numbers, in a weight
    fields = {"descr": dtype.str, "fortran_order": False, "shape": shape}
    usual = repr(fields)[:-1] + ", }"
    try:
        with open(path, "rb") as file:
            start = file.read(10)
            header = file.read(int.from_bytes(start[8:], "little"))
            if start[:8] != b"\x93NUMPY\x01\x00" or header.rstrip() != usual.encode():
                return None
            size = prod(shape) * dtype.itemsize
            if size > MAPPED_BYTES:
                return np.asarray(np.memmap(file, dtype, "r", file.tell(), shape))
            array: NDArray[Any] = np.empty(shape, dtype)
            whole = not size or file.readinto(array.data) == size
            return array if whole and not file.read(1) else None
    except (OSError, ValueError):
        return None  # whoever reads it next says what is wrong


def read_array(path: File) -> NDArray[Any]:
    """Return the array in a file, which may lie in a zip archive.

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
    """Return what a file holds that lies in the archive from which this module came."""
    get_data = getattr(getattr(__spec__, "loader", None), "get_data", None)
    if get_data is None or os.path.isdir(os.path.dirname(path)):
        raise FileNotFoundError(f"{path}: no such file")
    try:
        data: bytes = get_data(str(path))
    except OSError:
        raise FileNotFoundError(f"{path}: no such file") from None
    return data


def read_text(path: File) -> str:
    """Return the text in a file, which may lie in a zip archive."""
    if os.path.isfile(path):
        with open(path, encoding="utf-8") as file:
            return file.read()
    return archived(path).decode("utf-8")


def check_input(
    name: str, value: Any, expected: str, dims: Optional[dict[str, int]] = None
) -> NDArray[Any]:
    """Return an input of the graph in the machine's byte order, once its type is checked.

    ``dims`` collects the lengths that symbols stand for, so that they are equal in all inputs.

    Raises
    ------
    TypeError
        If ``value`` is not a NumPy array.
    ValueError
        If ``value`` is of another dtype or shape.
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
        where = ", ".join(f"{k} = {known[k]}" for k in shape if k in known)
        note = f" (with {where})" if where else ""
        raise ValueError(
            f"{shown(name)}: expected {expected}{note}, got {tensor_type(array)}"
        )
    return array


def _as_strings(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """Return an array of str; what is none is spelt as by Python: "None", "nan", "1.5".

    So does onnxruntime.
    """
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
    """Parse ``float32[batch, 3]`` to a dtype and a shape, None for an unknown rank."""
    name, _, rest = text.partition("[")
    dtype = np.dtype(object if name == "string" else name)
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


def keep_memory() -> None:
    """Let the C library keep what a call frees for the next call.

    glibc gives large blocks back to the system, which clears their pages again in each
    call, a tenth to a third of its time, until it has once freed a block of this size.
    A second one lies where calls will find their memory, and NumPy asks Linux for large
    pages there, which take less time to clear: a tenth of a first call. Nothing is ever
    written to the blocks. Others, such as musl, do as they always do.
    """
    for _ in range(2):
        np.empty(31 << 20, np.uint8)


def quiet(function: Function) -> Function:
    """Let a method of a model compute as ONNX does: 1 / 0 is inf, without a warning.

    An error that a node causes begins with the node's name, as the comment above its call has it.
    """

    @wraps(function)
    def wrapper(model: Any, /, *args: Any, **kwargs: Any) -> Any:
        with np.errstate(all="ignore"):
            try:
                return function(model, *args, **kwargs)
            except Exception as error:
                named = _with_node(error, model)
                if named is error:
                    raise
                raise named from error

    return cast(Function, wrapper)


def _with_node(error: Exception, model: object) -> Exception:
    """Return the error with the node in its message, or as it is where no node caused it."""
    node, trace = "", error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_locals.get("self") is model:
            node = _comment_above(trace.tb_frame, trace.tb_lineno) or node
        trace = trace.tb_next
    if not node:
        return error
    text, given = f"{node}: {error}", error.args
    error.args = (text,)
    if str(error) == text or isinstance(error, KeyError):
        return error
    error.args = given  # its class words the message by itself
    numpy_kinds = type(error).__mro__ if "numpy" in type(error).__module__ else ()
    for kind in numpy_kinds:
        try:
            named: Exception = kind(text)
        except TypeError:
            continue
        if str(named) == text:
            return named
    return error


def _comment_above(frame: Any, number: int) -> str:
    """Return the comment above the statement of a line, without the type behind its arrow."""
    import linecache  # only when something has failed: it takes a while

    lines = linecache.getlines(frame.f_code.co_filename, frame.f_globals)
    comment: list[str] = []
    for line in map(str.strip, reversed(lines[: number - 1])):
        if line.startswith("#"):
            comment.insert(0, line[1:].strip())
        elif comment or not line:
            break
    return " ".join(comment).partition(" -> ")[0]
