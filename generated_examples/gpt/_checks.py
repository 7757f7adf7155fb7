"""Types of inputs and outputs, and input checks."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Optional, Union

import numpy as np
from numpy.typing import NDArray

Dim = Union[int, str, None]


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
