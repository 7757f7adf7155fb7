"""Files of weights in the format of safetensors: a header in JSON, then the numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import IO

import numpy as np

from ...ir.memory import pieces
from ...ir.types import dtype_name

KINDS = {
    "bool": "BOOL", "bfloat16": "BF16", "complex64": "C64", "complex128": "C128",
    "float8e4m3fn": "F8_E4M3", "float8e4m3fnuz": "F8_E4M3FNUZ", "float8e5m2": "F8_E5M2",
    "float8e5m2fnuz": "F8_E5M2FNUZ",
    **{f"float{bits}": f"F{bits}" for bits in (16, 32, 64)},
    **{f"int{bits}": f"I{bits}" for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": f"U{bits}" for bits in (8, 16, 32, 64)},
}  # fmt: skip
"""What the format calls each element type."""

_ALIGNMENT = 64
"""Bytes: the numbers begin at a multiple of it, as those of PyTorch's own tensors do."""


@dataclass
class TensorFile:
    """A ``.safetensors`` file: tensors by name, those of long elements first."""

    tensors: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """The bytes of all numbers."""
        return sum(array.nbytes for array in self.tensors.values())

    def __len__(self) -> int:
        return len(self.tensors)

    def write(self, stream: IO[bytes]) -> None:
        """Write the file, without holding a mapped array in memory."""
        ordered = sorted(self.tensors.items(), key=lambda kv: (-kv[1].itemsize, kv[0]))
        header: dict[str, object] = {"__metadata__": {"format": "pt"}}
        start = 0
        for name, array in ordered:
            end = start + array.nbytes
            kind = KINDS[dtype_name(array.dtype)]
            header[name] = {
                "dtype": kind, "shape": list(array.shape), "data_offsets": [start, end],
            }  # fmt: skip
            start = end
        text = json.dumps(header, separators=(",", ":")).encode("ascii")
        text += b" " * (-(8 + len(text)) % _ALIGNMENT)
        stream.write(len(text).to_bytes(8, "little"))
        stream.write(text)
        for _, array in ordered:
            little = array.astype(array.dtype.newbyteorder("<"), copy=False)
            for piece in pieces(little):
                stream.write(piece)
