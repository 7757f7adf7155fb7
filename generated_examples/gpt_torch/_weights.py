"""Weights in a file of the format of safetensors, which other programs can read too."""

from __future__ import annotations

import json
import math
import mmap
import os
from os import PathLike
from typing import Any, Union

import torch
from torch import Tensor, nn

File = Union[str, PathLike[str]]

DTYPES = {
    "BOOL": torch.bool,
    "BF16": torch.bfloat16,
    "C64": torch.complex64,
    "C128": torch.complex128,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E4M3FNUZ": torch.float8_e4m3fnuz,
    "F8_E5M2": torch.float8_e5m2,
    "F8_E5M2FNUZ": torch.float8_e5m2fnuz,
    **{f"F{bits}": getattr(torch, f"float{bits}") for bits in (16, 32, 64)},
    **{f"I{bits}": getattr(torch, f"int{bits}") for bits in (8, 16, 32, 64)},
    **{f"U{bits}": getattr(torch, f"uint{bits}") for bits in (8, 16, 32, 64)},
}


def load_weights(module: nn.Module, file: File) -> None:
    """Give a module the tensors of a ``.safetensors`` file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    RuntimeError
        If it lacks a tensor of the module, has others, or one of another shape.
    """
    module.load_state_dict(read_tensors(file), assign=True)


def read_tensors(file: File) -> dict[str, Tensor]:
    """Return the tensors of a ``.safetensors`` file, which is mapped into memory.

    One in the zip this package was imported from is read.
    """
    try:
        with open(file, "rb") as stream:
            data: Any = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_COPY)
    except (FileNotFoundError, NotADirectoryError):
        data = bytearray(archived(file))
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        dtype, shape = DTYPES[entry["dtype"]], entry["shape"]
        if math.prod(shape) == 0:
            tensors[name] = torch.zeros(shape, dtype=dtype)
            continue
        begin, end = entry["data_offsets"]
        count = (end - begin) // dtype.itemsize
        flat = torch.frombuffer(data, dtype=dtype, count=count, offset=start + begin)
        tensors[name] = flat.reshape(shape)
    return tensors


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
