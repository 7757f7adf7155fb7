"""The model for NumPy arrays, and files of arrays."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from os import PathLike
from typing import Any, Optional, Union

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .._checks import Dim, TensorSpec, shown
from .._weights import archived
from ..model import Model as Module

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
        Number of threads that PyTorch computes with, in the whole process (default: as it is).
    """

    def __init__(self, *, threads: Optional[int] = None) -> None:
        self.module = Module()
        if threads is not None:
            torch.set_num_threads(threads)

    def around(self, module: Any) -> Model:
        """Return the same for another module."""
        other = Model.__new__(Model)
        other.module = module
        return other

    def __call__(self, **inputs: Any) -> Any:
        """Compute the outputs: an array, or a named tuple of them."""
        given = {name: as_tensor(value) for name, value in inputs.items()}
        with torch.inference_mode():
            result = self.module(**given)
        if hasattr(result, "_fields"):
            return type(result)(*map(as_array, result))
        return as_array(result)


def as_tensor(value: Any) -> Any:
    """Convert an array, or those in a list, to a tensor that may share its memory."""
    if isinstance(value, list):
        return [as_tensor(item) for item in value]
    if not isinstance(value, (np.ndarray, np.generic)):
        return value
    array = np.asarray(value, order="C")
    array = array.astype(array.dtype.newbyteorder("="), copy=not array.flags.writeable)
    name = array.dtype.name
    if name in (
        "bfloat16",
        "float8_e4m3fn",
        "float8_e4m3fnuz",
        "float8_e5m2",
        "float8_e5m2fnuz",
    ):
        carrier = np.int16 if name == "bfloat16" else np.uint8
        return torch.from_numpy(array.view(carrier)).view(getattr(torch, name))
    return torch.from_numpy(array)


def as_array(value: Any) -> Any:
    """Convert a tensor, or those in a list, to an array."""
    if isinstance(value, (list, tuple)):
        return [as_array(item) for item in value]
    if not isinstance(value, Tensor):
        return value
    tensor = value.detach().cpu().contiguous()
    return tensor.resolve_conj().resolve_neg().numpy()


def parameters() -> list[Tensor]:
    """Return the tensors of the model's state."""
    return [*Module(weights=None).state_dict().values()]


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
