"""The model for NumPy arrays, and files of arrays."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from os import PathLike
from typing import Any, Optional, Union

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from .._checks import Dim, TensorSpec, shown
from .._weights import archived
from ..model import Model as Module
from ..model import load_params

File = Union[str, PathLike[str]]

__all__ = [
    "Dim",
    "File",
    "Model",
    "TensorSpec",
    "archived",
    "parameters",
    "parse_type",
    "read_array",
    "shown",
    "tensor_type",
]


class Model:
    """The model for NumPy arrays: each call converts its inputs and outputs.

    Parameters
    ----------
    threads
        Ignored: JAX chooses the number of threads when it starts.
    """

    def __init__(self, *, threads: Optional[int] = None) -> None:
        with x64():
            self.module = Module()

    def around(self, module: Any) -> Model:
        """Return the same for another model."""
        other = Model.__new__(Model)
        other.module = module
        return other

    def __call__(self, **inputs: Any) -> Any:
        """Compute the outputs: an array, or a named tuple of them.

        Types of 64 bits stay what they are: they are enabled for the call.
        """
        with x64():
            result = self.module(**{n: as_array(v) for n, v in inputs.items()})
        if hasattr(result, "_fields"):
            return type(result)(*map(as_numpy, result))
        return as_numpy(result)


def x64() -> Any:
    """Return a context in which types of 64 bits are enabled."""
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    from jax.experimental import enable_x64  # JAX before 0.8

    return enable_x64()


def as_array(value: Any) -> Any:
    """Convert an array, or those in a list, to arrays of JAX."""
    if isinstance(value, list):
        return [as_array(item) for item in value]
    if not isinstance(value, (np.ndarray, np.generic)):
        return value
    native = value.dtype.newbyteorder("=")
    return jnp.asarray(value.astype(native, copy=False))


def as_numpy(value: Any) -> Any:
    """Convert an array of JAX, or those in a list, to arrays of NumPy."""
    if isinstance(value, (list, tuple)):
        return [as_numpy(item) for item in value]
    return np.asarray(value) if isinstance(value, Array) else value


def parameters() -> list[Array]:
    """Return the arrays of the model's parameters."""
    with x64():
        return jax.tree.leaves(load_params())


@lru_cache(maxsize=None)
def parse_type(text: str) -> tuple[Any, Optional[tuple[Dim, ...]]]:
    """Parse ``float32[batch, 3]`` into a dtype and a shape (None if the rank is unknown)."""
    name, _, rest = text.partition("[")
    dtype = np.dtype(name)
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


def read_array(path: File) -> NDArray[Any]:
    """Read a ``.npy`` file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    """
    try:
        return np.asarray(np.load(path, allow_pickle=False))
    except (FileNotFoundError, NotADirectoryError):
        return np.asarray(np.load(BytesIO(archived(path)), allow_pickle=False))
